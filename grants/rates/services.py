"""Propose a day rate, and let somebody else decide it. The rate in force on a date is the latest approved one by then."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from funding import clock, days
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.funds.services import host
from funding.money import Money
from funding.people import independence, roles
from funding.people.models import User
from funding.states import lifecycle
from grants.rates import emails
from grants.rates.models import RateCard

Role = roles.Role
State = RateCard.State
RATE = lifecycle("rate", proposed="approved declined withdrawn", approved="", declined="", withdrawn="")
FURTHEST = dt.timedelta(days=2 * 366)


@audited("rates.propose", subject="rate")
def propose(*, actor: User, rate: Money, effective_from: dt.date) -> RateCard:
    """Ask for a day rate of one's own, from a date not in the past and at most two years ahead.

    It counts once somebody else approves it. Raises Invalid (fields rate, currency, effective_from).
    """
    days.check_rate(rate)
    if rate.currency != host().currency:
        raise Invalid(_("This host keeps its books in {currency}.").format(currency=host().currency), field="currency")
    today = clock.today()
    if not today <= effective_from <= today + FURTHEST:
        raise Invalid(
            _("A rate begins today or later, at most two years ahead. What was worked before keeps its rate."), field="effective_from"
        )
    try:
        with transaction.atomic():
            card = RateCard.objects.create(
                user=actor,
                currency=rate.currency,
                amount=rate.amount,
                effective_from=effective_from,
                proposed_by=actor,
                proposed_at=clock.now(),
            )
    except IntegrityError:
        raise Invalid(_("You have asked for a rate from this date already. Withdraw that one first."), field="effective_from") from None
    emails.ask_for_decision(card)
    return card


@audited("rates.approve", subject="card")
def approve(*, actor: User, card: RateCard) -> RateCard:
    """Agree to a rate. An administrator or treasurer who is independent of the person.

    Raises Refused (role, prepared, benefits, employer, relation), IllegalTransition, Conflict when another rate begins that day.
    """
    locked = _decidable(actor, card, State.APPROVED)
    try:
        with transaction.atomic():
            return _decide(locked, actor, State.APPROVED)
    except IntegrityError:
        raise Conflict(_("Another rate is approved from this date already. Decline this one.")) from None


@audited("rates.decline", subject="card")
def decline(*, actor: User, card: RateCard, reason: str) -> RateCard:
    """Say no to a rate, with a reason that the person reads. Who may, and what is raised: as `approve`."""
    locked = _decidable(actor, card, State.DECLINED)
    locked.reason = reason
    return _decide(locked, actor, State.DECLINED)


@audited("rates.withdraw", subject="card")
def withdraw(*, actor: User, card: RateCard) -> RateCard:
    """Take back a rate that nobody has decided. Only the person who asked for it."""
    locked = RateCard.objects.select_for_update().get(pk=card.pk)
    if locked.user_id != actor.pk:
        raise Refused(_("Only the person who asked for this rate withdraws it."), rule="owner")
    RATE.check(locked.state, State.WITHDRAWN)
    locked.state = State.WITHDRAWN
    locked.save(update_fields=["state"])
    return locked


def rate_on(*, user: User, currency: str, day: dt.date) -> Money | None:
    """The day rate in force for `user` on `day`, or None when none was approved by then."""
    found = RateCard.objects.filter(user=user, currency=currency, state=State.APPROVED, effective_from__lte=day)
    card = found.order_by("-effective_from").first()
    return card.rate if card else None


def _decidable(actor: User, card: RateCard, target: str) -> RateCard:
    roles.require(actor, Role.ADMIN, Role.TREASURER)
    locked = RateCard.objects.select_for_update(of=("self",)).select_related("user", "proposed_by").get(pk=card.pk)
    independence.require(actor, _("decide this rate"), prepared_by=[locked.proposed_by], beneficiaries=[locked.user])
    RATE.check(locked.state, target)
    return locked


def _decide(card: RateCard, actor: User, state: str) -> RateCard:
    card.state, card.decided_by, card.decided_at = state, actor, clock.now()
    card.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    emails.tell_decision(card)
    return card
