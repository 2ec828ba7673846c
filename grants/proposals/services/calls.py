"""Write a call, open it and close it. Once open its terms stay, so that everybody answers the same call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from funding import clock, days
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.funds.models import Fund
from funding.funds.services import host
from funding.money import Money
from funding.people import roles, subjects
from funding.people.models import User
from funding.states import lifecycle
from grants.proposals.models import Call, CallFund

Role = roles.Role
State = Call.State
CALL = lifecycle("call", draft="open", open="closed", closed="open")


@dataclass(frozen=True, slots=True)
class CallTerms:
    """What a call says. `closes_at` only for a dated call; `funds` in the order of spending; days as half days."""

    title: str
    brief: str
    kind: str
    opens_at: dt.datetime
    closes_at: dt.datetime | None
    committee: str
    max_half_days: int
    max_rate: Money
    funds: Sequence[Fund]

    def check(self) -> None:
        """Raise Invalid, naming the field, unless the terms fit together."""
        days.check_rate(self.max_rate)
        if self.max_rate.currency != host().currency:
            raise Invalid(_("This host keeps its books in {currency}.").format(currency=host().currency), field="max_rate")
        if not 0 < self.max_half_days <= days.MAX_HALF_DAYS:
            raise Invalid(_("Enter between 0.5 and {most} days.").format(most=days.MAX_HALF_DAYS // 2), field="max_half_days")
        if self.kind not in Call.Kind.values:
            raise Invalid(_("Choose rolling or dated."), field="kind")
        if (self.kind == Call.Kind.DATED) != (self.closes_at is not None):
            raise Invalid(_("A dated call has a closing date, and a rolling call has none."), field="closes_on")
        if self.closes_at is not None and self.closes_at <= self.opens_at:
            raise Invalid(_("The call has to close after it opens."), field="closes_on")
        if not any(subject == f"committee:{self.committee}" for subject, __ in subjects.choices()):
            raise Invalid(_("Choose a committee that exists."), field="committee")
        if not self.funds:
            raise Invalid(_("Choose at least one fund that the call may draw on."), field="funds")
        if any(fund.kind == Fund.Kind.RESERVE for fund in self.funds):
            raise Invalid(_("The reserve stands behind refunds and pays for no work. Choose another fund."), field="funds")
        if any(fund.currency != self.max_rate.currency for fund in self.funds):
            raise Invalid(_("Every fund of this call has to be in {currency}.").format(currency=self.max_rate.currency), field="funds")


@audited("calls.create", subject="slug")
def create_call(*, actor: User, slug: str, terms: CallTerms) -> Call:
    """A call in draft. Only an administrator. Raises Refused, and Invalid when a term does not fit or the slug is taken."""
    roles.require(actor, Role.ADMIN)
    terms.check()
    if slug == "new":
        raise Invalid(_("This word is an address of the site. Choose another one."), field="slug")
    try:
        with transaction.atomic():
            call = Call.objects.create(slug=slug, created_by=actor, created_at=clock.now(), **_columns(terms))
    except IntegrityError:
        raise Invalid(_("Another call has this address already."), field="slug") from None
    _name_funds(call, terms.funds)
    return call


@audited("calls.edit", subject="call")
def edit_call(*, actor: User, call: Call, version: int, terms: CallTerms) -> Call:
    """Change a draft. `version` is the one that the editor saw. Raises Refused, Invalid, Conflict (stale, or no draft)."""
    roles.require(actor, Role.ADMIN)
    locked = Call.objects.select_for_update().get(pk=call.pk)
    if locked.state != State.DRAFT:
        raise Conflict(_("This call was opened, so its terms stay as they are. Close it and write another one."))
    if locked.version != version:
        raise Conflict(_("Somebody else changed this call since you opened the form."))
    terms.check()
    for name, value in _columns(terms).items():
        setattr(locked, name, value)
    locked.version += 1
    locked.save()
    locked.call_funds.all().delete()
    _name_funds(locked, terms.funds)
    return locked


@audited("calls.open", subject="call")
def open_call(*, actor: User, call: Call) -> Call:
    """Publish a draft, or take up a closed call again. Raises Refused, IllegalTransition, Conflict when it could take no proposal."""
    roles.require(actor, Role.ADMIN)
    locked = Call.objects.select_for_update().get(pk=call.pk)
    CALL.check(locked.state, State.OPEN)
    if not locked.brief.strip():
        raise Conflict(_("This call has no text yet. Say what it asks for, then open it."))
    if locked.closes_at is not None and locked.closes_at <= clock.now():
        raise Conflict(_("The closing date of this call has passed, so opening it would take no proposal."))
    locked.state = State.OPEN
    locked.save(update_fields=["state"])
    return locked


@audited("calls.close", subject="call")
def close_call(*, actor: User, call: Call) -> Call:
    """Take no more proposals. What was submitted is decided all the same. Raises Refused, IllegalTransition."""
    roles.require(actor, Role.ADMIN)
    locked = Call.objects.select_for_update().get(pk=call.pk)
    CALL.check(locked.state, State.CLOSED)
    locked.state = State.CLOSED
    locked.save(update_fields=["state"])
    return locked


def _columns(terms: CallTerms) -> dict[str, object]:
    return {
        "title": terms.title,
        "brief": terms.brief,
        "kind": terms.kind,
        "opens_at": terms.opens_at,
        "closes_at": terms.closes_at,
        "committee": terms.committee,
        "currency": terms.max_rate.currency,
        "max_half_days": terms.max_half_days,
        "max_rate": terms.max_rate.amount,
    }


def _name_funds(call: Call, funds: Sequence[Fund]) -> None:
    CallFund.objects.bulk_create(CallFund(call=call, fund=fund, order=order) for order, fund in enumerate(funds))
