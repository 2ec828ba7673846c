"""The three things that a sponsor is told by mail: paid, not paid, stopped. Each once, however often the fact is met."""

from __future__ import annotations

from typing import Any

from funding.funds import services as funds
from funding.mail import services as mail
from sponsors.billing import links
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship


def _common(sponsorship: Sponsorship) -> dict[str, Any]:
    return {"sponsorship": sponsorship, "project": sponsorship.project, "host": funds.host(), "stop_url": links.stop(sponsorship)}


def receipt(payment: Payment) -> None:
    """Call in the transaction that books the payment."""
    sponsorship = payment.invoice.sponsorship
    shares = payment.shares
    if shares is None or payment.entry is None:
        raise ValueError(f"{payment.ref} is not booked")
    context = {
        **_common(sponsorship),
        "payment": payment,
        "invoice": payment.invoice,
        "lines": shares.lines,
        "receipt_url": links.paid(payment),
        "entry_url": links.entry(payment.entry.number),
    }
    mail.queue(kind="receipt", to=sponsorship.contact_email, key=f"receipt:{payment.ref}", context=context)


def card_failed(payment: Payment) -> None:
    """Call in the transaction that marks the attempt as failed."""
    sponsorship = payment.invoice.sponsorship
    context = {**_common(sponsorship), "payment": payment, "invoice": payment.invoice, "card_url": links.card(sponsorship)}
    mail.queue(kind="card_failed", to=sponsorship.contact_email, key=f"card-failed:{payment.ref}", context=context)


def stopped(sponsorship: Sponsorship, voided: list[Invoice]) -> None:
    """Call in the transaction of the stop."""
    context = {**_common(sponsorship), "voided": voided}
    mail.queue(kind="sponsorship_stopped", to=sponsorship.contact_email, key=f"stopped:{sponsorship.ref}", context=context)
