"""The verbs of billing: sign up, pay, settle, renew, take steps, change a card, stop.

Network calls are made outside transactions, with a key that was stored before. `settle` is the one verb that learns what
became of a payment; the return page, the webhook and the sweeper all end in it.
"""

from sponsors.billing.services.carding import (
    change_card,
    chargeable,
    close_card_page,
    on_card_news,
    send_fresh_link,
    settle_card,
    sweep_cards,
)
from sponsors.billing.services.collecting import collect, on_news, settle, sweep
from sponsors.billing.services.expiring import warn_of_expiry
from sponsors.billing.services.forgetting import detach_cards, forget_card
from sponsors.billing.services.joining import Joined, check_payer, join, party_for, pay, sign_up, start_checkout
from sponsors.billing.services.looking import look_again
from sponsors.billing.services.recording import together
from sponsors.billing.services.renewing import BillingRun, renew, run_billing
from sponsors.billing.services.stepping import DunningRun, run_dunning, take_step
from sponsors.billing.services.stopping import stop

__all__ = [
    "BillingRun",
    "DunningRun",
    "Joined",
    "change_card",
    "chargeable",
    "check_payer",
    "close_card_page",
    "collect",
    "detach_cards",
    "forget_card",
    "join",
    "look_again",
    "on_card_news",
    "on_news",
    "party_for",
    "pay",
    "renew",
    "run_billing",
    "run_dunning",
    "send_fresh_link",
    "settle",
    "settle_card",
    "sign_up",
    "start_checkout",
    "stop",
    "sweep",
    "sweep_cards",
    "take_step",
    "together",
    "warn_of_expiry",
]
