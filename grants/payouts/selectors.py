"""Reads for the pages of payouts and runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from funding.components.parts import Pill, Step
from funding.money import Money
from grants.payouts.models import Payout, PayoutRun

State = Payout.State
RunState = PayoutRun.State

PILLS = {State.HELD: "stop", State.READY: "wait", State.SENT: "pen", State.CONFIRMED: "paid", State.FAILED: "stop"}
RUN_PILLS = {RunState.PREPARED: "wait", RunState.RELEASED: "pen", RunState.DONE: "paid"}


def payout_pill(payout: Payout) -> Pill:
    return Pill(payout.get_state_display(), PILLS.get(State(payout.state), ""))  # type: ignore[arg-type]


def run_pill(run: PayoutRun) -> Pill:
    return Pill(run.get_state_display(), RUN_PILLS.get(RunState(run.state), ""))  # type: ignore[arg-type]


def payout_steps(payout: Payout) -> list[Step]:
    """In a run, released, sent, confirmed, with their dates."""
    at = [
        ("In a run", payout.run.prepared_at),
        ("Released", payout.run.released_at),
        ("Sent", payout.sent_at),
        ("Confirmed", payout.confirmed_at),
    ]
    reached = sum(when is not None for _, when in at)
    states = ["done" if number < reached else "now" if number == reached else "next" for number in range(len(at))]
    return [Step(name, state, on=when) for (name, when), state in zip(at, states, strict=True)]  # type: ignore[arg-type]


def payouts_of(run: PayoutRun) -> list[Payout]:
    """By payee; the held ones too."""
    return list(run.payouts.select_related("payee", "run").order_by("payee__name", "pk"))


@dataclass(frozen=True, slots=True)
class Difference:
    """How one payee's sum differs from the run before. `before` is None for somebody who was not in it, `now` likewise."""

    name: str
    before: Money | None
    now: Money | None

    @property
    def text(self) -> str:
        if self.before is None:
            return "New payee"
        if self.now is None:
            return "Not in this run"
        return "Changed"


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
