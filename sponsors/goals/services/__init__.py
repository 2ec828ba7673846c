"""The verbs of goals: write and publish, pledge, close at the deadline, collect. Network calls stand outside transactions."""

from sponsors.goals.services.closing import close, promised
from sponsors.goals.services.collecting import advance, finish, on_money_taken
from sponsors.goals.services.pledging import (
    change_pledge,
    on_card_kept,
    open_card_page,
    pledge,
    start_pledge,
    takes_pledges,
    withdraw,
)
from sponsors.goals.services.running import GoalsRun, collect_goals
from sponsors.goals.services.writing import Terms, call_off, create_goal, edit_goal, instant, publish_goal

__all__ = [
    "GoalsRun",
    "Terms",
    "advance",
    "call_off",
    "change_pledge",
    "close",
    "collect_goals",
    "create_goal",
    "edit_goal",
    "finish",
    "instant",
    "on_card_kept",
    "on_money_taken",
    "open_card_page",
    "pledge",
    "promised",
    "publish_goal",
    "start_pledge",
    "takes_pledges",
    "withdraw",
]
