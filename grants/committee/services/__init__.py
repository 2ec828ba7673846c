"""The verbs of committees and panels."""

from grants.committee.services.committees import create_committee, edit_rules
from grants.committee.services.deliberation import check_in, save_review, vote
from grants.committee.services.determination import determine, excluded_now
from grants.committee.services.seating import declare, seat_newcomer, seat_panel

__all__ = [
    "check_in",
    "create_committee",
    "declare",
    "determine",
    "edit_rules",
    "excluded_now",
    "save_review",
    "seat_newcomer",
    "seat_panel",
    "vote",
]
