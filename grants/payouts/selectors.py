"""Reads for the pages of payouts and runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from funding.components.parts import Pill, Step
from funding.money import Money
from funding.people.models import Party
from funding.web.attention import Act, Found, Item
from grants.payouts import taxes
from grants.payouts.models import Payout, PayoutRun

State = Payout.State
RunState = PayoutRun.State

PILLS = {
    State.HELD: "stop",
    State.READY: "wait",
    State.SENT: "pen",
    State.CONFIRMED: "paid",
    State.FAILED: "stop",
    State.WRITTEN_OFF: "stop",
}
RUN_PILLS = {RunState.PREPARED: "wait", RunState.RELEASED: "pen", RunState.DONE: "paid"}


def payout_pill(payout: Payout) -> Pill:
    return Pill(payout.get_state_display(), PILLS.get(State(payout.state), ""))  # type: ignore[arg-type]


def run_pill(run: PayoutRun) -> Pill:
    return Pill(run.get_state_display(), RUN_PILLS.get(RunState(run.state), ""))  # type: ignore[arg-type]


def payout_steps(payout: Payout) -> list[Step]:
    """The five dated states: the last of its half days logged and approved, then in a run, sent, confirmed. One query."""
    worked = payout.lines.aggregate(logged=Max("work_entry__logged_at"), approved=Max("work_entry__approved_at"))
    at = [
        (_("Logged"), worked["logged"]),
        (_("Approved"), worked["approved"]),
        (_("In a run"), payout.run.prepared_at),
        (_("Sent"), payout.sent_at),
        (_("Confirmed"), payout.confirmed_at),
    ]
    reached = sum(when is not None for __, when in at)
    states = ["done" if number < reached else "now" if number == reached else "next" for number in range(len(at))]
    return [Step(name, state, on=when) for (name, when), state in zip(at, states, strict=True)]  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of the books about a payout."""

    what: str
    sum: Money
    at: dt.datetime | None
    entry: int


def movements(payout: Payout) -> list[Movement]:
    """What the books hold of it, in their order."""
    found = [Movement(_("Owed to the payee"), payout.money, payout.sent_at, payout.sent_entry_id)] if payout.sent_entry_id else []
    if payout.withheld_entry_id:
        found.append(Movement(_("Tax withheld"), payout.tax, payout.sent_at, payout.withheld_entry_id))
        found += [Movement(_("Tax paid to the authority"), part, at, entry) for entry, part, at in taxes.paid_over(payout)]
    for transfer in payout.transfers.prefetch_related("returns"):
        found.append(Movement(_("Confirmed"), Money(transfer.amount, payout.currency), transfer.at, transfer.entry_id))
        found += [Movement(_("Came back"), Money(part.amount, payout.currency), part.at, part.entry_id) for part in transfer.returns.all()]
    for debt in payout.cancellations.all():
        if debt.entry_id:
            found.append(Movement(_("Debt cancelled"), Money(debt.amount + debt.withheld, payout.currency), debt.decided_at, debt.entry_id))
    return sorted(found, key=lambda movement: movement.entry)


def payouts_of(run: PayoutRun) -> list[Payout]:
    """By payee; the held ones too."""
    return list(run.payouts.select_related("payee", "run").order_by("payee__name", "pk"))


def withheld(payouts: Iterable[Payout]) -> int:
    """What a release of these would keep back for tax, in minor units: nothing of a payout that is held."""
    return sum(payout.withheld for payout in payouts if payout.state == State.READY)


def payees_of(run: PayoutRun, *, held: bool = False) -> list[Party]:
    """Whom the run pays; with `held` also those whom it would have paid."""
    left_out = [State.CANCELLED] if held else [State.CANCELLED, State.HELD]
    return list(Party.objects.filter(pk__in=run.payouts.exclude(state__in=left_out).values("payee")).order_by("name", "pk"))


@dataclass(frozen=True, slots=True)
class Difference:
    """How one payee's sum differs from the run before. `before` is None for somebody who was not in it, `now` likewise."""

    name: str
    before: Money | None
    now: Money | None

    @property
    def text(self) -> str:
        if self.before is None:
            return _("New payee")
        if self.now is None:
            return _("Not in this run")
        return _("Changed")


def run_before(run: PayoutRun) -> PayoutRun | None:
    """The last run in the currency that was released before this one was prepared."""
    released = PayoutRun.objects.filter(currency=run.currency, state__in=[RunState.RELEASED, RunState.DONE], number__lt=run.number)
    return released.order_by("-number").first()


def differences(run: PayoutRun, before: PayoutRun, payouts: Sequence[Payout]) -> list[Difference]:
    """Payees that are new, gone, or paid another sum than in `before`; held payouts count as not in a run."""
    paying = (State.HELD, State.CANCELLED)
    then = {payout.payee_id: payout for payout in payouts_of(before) if payout.state not in paying}
    now = {payout.payee_id: payout for payout in payouts if payout.state not in paying}
    found = []
    for pk in {**now, **then}:
        old, new = then.get(pk), now.get(pk)
        if old is None or new is None or old.money != new.money:
            name = (new or old).payee.name  # type: ignore[union-attr]
            found.append(Difference(name, old.money if old else None, new.money if new else None))
    return sorted(found, key=lambda difference: difference.name)


def runs() -> QuerySet[PayoutRun]:
    return PayoutRun.objects.select_related("prepared_by", "released_by").order_by("-number")


def unpaid_debts(limit: int) -> Found:
    """Payouts that failed and wait for a treasurer, the oldest first."""
    found = Payout.objects.filter(state=State.FAILED).select_related("payee").order_by("pk")
    items = [
        Item(
            what=_("{ref}: {owed} to {name}").format(ref=payout.ref, owed=payout.owed, name=payout.payee.name),
            since=payout.sent_at or payout.run.prepared_at,
            why=payout.failure,
            acts=(Act(_("Send it again"), reverse("payouts:retry", args=[payout.ref])),),
            url=payout.get_absolute_url(),
        )
        for payout in found[:limit]
    ]
    return Found(items, found.count())
