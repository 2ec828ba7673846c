"""What a sponsor is told by mail about money and cards. Each once, however often the fact is met."""

from __future__ import annotations

import datetime as dt
from typing import Any

from funding import clock
from funding.funds import services as funds
from funding.ledger.sealing import proof
from funding.mail import services as mail
from funding.mail.services import absolute
from funding.people import roles
from sponsors.billing import links
from sponsors.billing.models import CardChange
from sponsors.dunning import plan
from sponsors.dunning.models import Course, StepTaken
from sponsors.dunning.selectors import outlook
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship

MAILS = {plan.REMINDER: "card_reminder", plan.LAST: "card_last"}
WANTS_OWNER = "authentication_required"


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
        "sealing": proof.stand(payment.entry),
    }
    mail.queue(kind="receipt", to=sponsorship.contact_email, key=f"receipt:{payment.ref}", context=context)


def card_failed(payment: Payment, course: Course) -> None:
    """Call in the transaction that marks the first attempt of a renewal as failed."""
    _unpaid("card_failed", f"card-failed:{payment.ref}", course, payment)


def steps_begin(course: Course, payment: Payment | None) -> None:
    """The same letter for a renewal that was refused long ago, on the day on which its steps begin."""
    _unpaid("card_failed", f"steps-begin:{course.invoice.number}", course, payment)


def step(course: Course, taken: StepTaken) -> None:
    """What a step says, if it says anything. Call in the transaction that ends the step."""
    if taken.mail:
        newest = taken.payment or Payment.objects.filter(invoice=course.invoice_id).order_by("-pk").first()
        _unpaid(MAILS[taken.mail], f"dunning:{course.invoice.number}:{taken.day}", course, newest)


def _unpaid(kind: str, key: str, course: Course, payment: Payment | None) -> None:
    sponsorship = course.invoice.sponsorship
    context = {
        **_common(sponsorship),
        "payment": payment,
        "invoice": course.invoice,
        "outlook": outlook(course, sponsorship),
        "perks_over": sponsorship.perks_through is not None and sponsorship.perks_through < clock.today(),
        "card_url": links.card(sponsorship),
        "pay_url": links.pay(sponsorship),
        "wants_owner": payment is not None and payment.failure_code == WANTS_OWNER,
    }
    mail.queue(kind=kind, to=sponsorship.contact_email, key=key, context=context)


def lapsed(sponsorship: Sponsorship, voided: list[Invoice]) -> None:
    """Call in the transaction in which it lapses."""
    key = ":".join(["lapsed", sponsorship.ref, *(invoice.number for invoice in voided)])
    context = {**_common(sponsorship), "voided": voided, "choose_url": links.choose(sponsorship)}
    mail.queue(kind="sponsorship_lapsed", to=sponsorship.contact_email, key=key, context=context)


def paid_twice(payment: Payment) -> None:
    """Call in the transaction that books the surplus."""
    sponsorship = payment.invoice.sponsorship
    context = {**_common(sponsorship), "payment": payment, "invoice": payment.invoice}
    mail.queue(kind="paid_twice", to=sponsorship.contact_email, key=f"paid-twice:{payment.ref}", context=context)


def card_changed(sponsorship: Sponsorship, change: CardChange) -> None:
    """Call in the transaction that keeps the new card. It goes to the address on file, whoever changed it."""
    context = {**_common(sponsorship), "change": change, "owed": sponsorship.unpaid}
    mail.queue(kind="card_changed", to=sponsorship.contact_email, key=f"card-changed:{change.ref}", context=context)


def card_expires(sponsorship: Sponsorship) -> None:
    """Call in the transaction that notes that the sponsor is told."""
    context = {**_common(sponsorship), "card_url": links.card(sponsorship), "days": links.lifetime().days}
    key = f"card-expires:{sponsorship.ref}:{sponsorship.card_expires_on}"
    mail.queue(kind="card_expires", to=sponsorship.contact_email, key=key, context=context)


def fresh_link(sponsorship: Sponsorship, key: str) -> None:
    context = {
        **_common(sponsorship),
        "card_url": links.card(sponsorship),
        "pay_url": links.pay(sponsorship),
        "days": links.lifetime().days,
    }
    mail.queue(kind="card_link", to=sponsorship.contact_email, key=f"card-link:{key}", context=context)


def brake(on: dt.date, declines: int) -> None:
    """One mail a day to each treasurer: somebody tries cards."""
    for treasurer in roles.holders(roles.Role.TREASURER):
        context = {"declines": declines, "host": funds.host(), "url": absolute("/desk/payments/")}
        mail.queue(kind="card_brake", to=treasurer.email, key=f"card-brake:{on}:{treasurer.pk}", context=context)


def stopped(sponsorship: Sponsorship, voided: list[Invoice]) -> None:
    """Call in the transaction of the stop."""
    context = {**_common(sponsorship), "voided": voided}
    mail.queue(kind="sponsorship_stopped", to=sponsorship.contact_email, key=f"stopped:{sponsorship.ref}", context=context)
