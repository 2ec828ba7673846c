"""How far half days have come. Logged and approved are known here; the app that pays adds the rest, in batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from funding.components.parts import Pill, Step
from funding.money import Money
from funding.people.models import User
from grants.timesheets.models import WorkEntry

State = WorkEntry.State


@dataclass(frozen=True, slots=True)
class Payment:
    """Where an approved half day is on its way to the payee. `url` leads to its payout; `trouble` says why it stands still."""

    url: str
    in_run_at: dt.datetime | None = None
    sent_at: dt.datetime | None = None
    confirmed_at: dt.datetime | None = None
    trouble: str = ""


Look = Callable[[Iterable[int]], Mapping[int, Payment]]

_looks: list[Look] = []


def register(look: Look) -> None:
    """`look(entry ids)` answers a Payment for each half day that is in a payout, in a constant number of queries."""
    if look not in _looks:
        _looks.append(look)


@dataclass(frozen=True, slots=True)
class Coming:
    """A sum on its way to a worker's payee: `what` says how far, `url` leads to its payout ("" before there is one)."""

    half_days: int
    sum: Money
    what: str
    url: str = ""


Forecast = Callable[[User], Sequence[Coming]]

_forecasts: list[Forecast] = []


def register_forecast(forecast: Forecast) -> None:
    """`forecast(worker)` answers what is approved and not yet confirmed, nearest to the bank first."""
    if forecast not in _forecasts:
        _forecasts.append(forecast)


def coming(worker: User) -> list[Coming]:
    return [item for forecast in _forecasts for item in forecast(worker)]


def payments(entries: Iterable[WorkEntry]) -> dict[int, Payment]:
    ids = [entry.pk for entry in entries]
    return {pk: payment for look in _looks for pk, payment in look(ids).items()}


def states() -> tuple[str, ...]:
    """The five that a half day goes through, in order, as a reader meets them."""
    return _("Logged"), _("Approved"), _("In a run"), _("Sent"), _("Confirmed")


def dates(entry: WorkEntry, payment: Payment | None) -> list[dt.datetime | None]:
    """When the half day reached each of `states`; None for those still to come."""
    paid = payment or Payment("")
    return [entry.logged_at, entry.approved_at, paid.in_run_at, paid.sent_at, paid.confirmed_at]


def steps(entry: WorkEntry, payment: Payment | None) -> Sequence[Step]:
    """The five dated states for a stepper: reached ones are done, the next one is now."""
    at = dates(entry, payment)
    reached = sum(when is not None for when in at)
    stands = ["done" if number < reached else "now" if number == reached else "next" for number in range(len(at))]
    return [Step(name, state, on=when) for name, when, state in zip(states(), at, stands, strict=True)]  # type: ignore[arg-type]


def pill(entry: WorkEntry, payment: Payment | None) -> Pill:
    """The furthest state in one word, for tables."""
    if payment is not None:
        if payment.confirmed_at:
            return Pill(_("Confirmed"), "paid")
        if payment.trouble:
            return Pill(_("Not paid yet"), "stop")
        return Pill(_("Sent"), "pen") if payment.sent_at else Pill(_("In a run"), "pen")
    kinds = {State.LOGGED: "wait", State.APPROVED: "pen", State.RETURNED: "stop"}
    return Pill(entry.get_state_display(), kinds.get(State(entry.state), ""))  # type: ignore[arg-type]
