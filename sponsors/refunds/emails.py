"""What treasurers and sponsors are told about money that goes back. Each once, however often the fact is met."""

from __future__ import annotations

import datetime as dt
from typing import Any

from funding.funds import reserve
from funding.funds import services as funds
from funding.mail import services as mail
from funding.money import Money
from funding.people import roles
from funding.people.models import User
from sponsors.billing import links
from sponsors.refunds import selectors
from sponsors.refunds.models import Dispute, Refund

Role = roles.Role


def waits(refund: Refund) -> None:
    """To everybody who may approve it."""
    for user in _office():
        if user != refund.asked_by:
            _tell(user, "refund_waits", f"refund-waits:{refund.ref}", refund=refund, url=mail.absolute(refund.get_absolute_url()))


def refunded(refund: Refund) -> None:
    """To the sponsor, with the arithmetic. Call in the transaction that books it."""
    sponsorship = refund.payment.invoice.sponsorship
    context = {
        "refund": refund,
        "payment": refund.payment,
        "sponsorship": sponsorship,
        "project": sponsorship.project,
        "host": funds.host(),
        "lines": selectors.arithmetic(refund.payment),
        "receipt_url": links.paid(refund.payment),
        "next_charge_on": sponsorship.next_charge_on,
    }
    mail.queue(kind="refunded", to=sponsorship.contact_email, key=f"refunded:{refund.ref}", context=context)


def failed(refund: Refund, *, told: bool) -> None:
    """To the treasurers; and to the sponsor who had been told that it is on its way."""
    for user in _office():
        _tell(user, "refund_failed", f"refund-failed:{refund.ref}", refund=refund, url=mail.absolute(refund.get_absolute_url()))
    if told:
        sponsorship = refund.payment.invoice.sponsorship
        context = {"refund": refund, "payment": refund.payment, "project": sponsorship.project, "host": funds.host()}
        mail.queue(kind="refund_came_back", to=sponsorship.contact_email, key=f"refund-came-back:{refund.ref}", context=context)


def made_elsewhere(refund: Refund) -> None:
    """To the treasurers: somebody made it at the processor."""
    for user in _office():
        _tell(user, "refund_elsewhere", f"refund-elsewhere:{refund.ref}", refund=refund, url=mail.absolute(refund.get_absolute_url()))


def inquiry(dispute: Dispute, due: dt.datetime | None) -> None:
    for user in _office():
        _about(user, "dispute_inquiry", dispute, due=due)


def opened(dispute: Dispute) -> None:
    short = reserve.shortfall(dispute.currency)
    for user in _office():
        _about(user, "dispute_opened", dispute, shortfall=short, fee=Money(dispute.fee, dispute.currency))


def closed(dispute: Dispute) -> None:
    for user in _office():
        _about(user, f"dispute_{dispute.state}", dispute, fee_returned=Money(dispute.fee_returned, dispute.currency))


def _office() -> list[User]:
    return list(roles.holders(Role.TREASURER))


def _about(user: User, kind: str, dispute: Dispute, **context: Any) -> None:
    _tell(user, kind, f"{kind}:{dispute.ref}", dispute=dispute, url=mail.absolute(dispute.get_absolute_url()), **context)


def _tell(user: User, kind: str, key: str, **context: Any) -> None:
    mail.queue(kind=kind, to=user.email, key=f"{key}:{user.pk}", context=context)
