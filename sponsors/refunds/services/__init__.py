"""The verbs of refunds and disputes: ask, approve, decline; send and settle; what a bank does.

`record` is the one verb that learns what became of a refund, `learn` of a dispute; the API's answer, the webhook and the
sweeper all end in them.
"""

from sponsors.refunds.services.asking import approve, ask, decline, forecast
from sponsors.refunds.services.disputing import learn, on_dispute
from sponsors.refunds.services.sending import on_news, on_refund, send, sweep

__all__ = ["approve", "ask", "decline", "forecast", "learn", "on_dispute", "on_news", "on_refund", "send", "sweep"]
