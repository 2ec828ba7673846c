"""The verbs of billing: sign up, pay, settle, renew, stop.

Network calls are made outside transactions, with a key that was stored before. `settle` is the one verb that learns what
became of a payment; the return page, the webhook and the sweeper all end in it.
"""

from sponsors.billing.services.collecting import collect, on_news, settle, sweep
from sponsors.billing.services.joining import Joined, join, pay, sign_up, start_checkout
from sponsors.billing.services.renewing import BillingRun, renew, run_billing
from sponsors.billing.services.stopping import stop

__all__ = [
    "BillingRun",
    "Joined",
    "collect",
    "join",
    "on_news",
    "pay",
    "renew",
    "run_billing",
    "settle",
    "sign_up",
    "start_checkout",
    "stop",
    "sweep",
]
