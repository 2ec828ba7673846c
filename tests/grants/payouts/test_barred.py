"""A half day that no fund may pay any more stops nobody's other pay; it can be returned, and money is kept where it may pay."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from funding import clock
from funding.errors import Conflict, Refused
from funding.funds.models import Fund
from funding.ledger import services as ledger
from grants.engagements.models import Engagement
from grants.payouts import holding, planning, services
from grants.payouts.models import Payout
from grants.timesheets import services as timesheets
from grants.timesheets.models import WorkEntry
from tests.funding.builders import browser
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders
from tests.grants.payouts.test_closeout import HALF, alder, on

pytestmark = pytest.mark.django_db
NEXT = work.START + dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _october() -> Any:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def desk() -> builders.Desk:
    return builders.desk()


def two(desk: builders.Desk) -> tuple[Engagement, Engagement]:
    """Marit's approved days: two that only Alder may pay, which closes out today, and two of another engagement."""
    marit = work.user("Marit Solheim")
    first = work.engagement(marit, half_days=2, split=((alder(), 2 * HALF),))
    second = work.engagement(marit, half_days=2, split=((work.fund("common"), 2 * HALF),))
    builders.able(first.payee)
    work.approve(first, work.log(first, 2), desk.lead)
    work.approve(second, work.log(second, 2, first=work.START + dt.timedelta(days=3)), desk.lead)
    return first, second


def test_what_cannot_be_paid_holds_nothing_else(desk: builders.Desk) -> None:
    _, second = two(desk)
    with on(1):
        run = builders.prepared(desk.maker)
        payout = run.payouts.get()
        assert (payout.state, payout.amount) == ("ready", 2 * HALF)
        assert {line.work_entry.engagement for line in payout.lines.all()} == {second}
        (payee,) = planning.plan("USD", clock.today()).payees
        assert (payee.hold != "", [entry.engagement.ref != second.ref for entry, _ in payee.left_out]) == (True, [True, True])
        services.release(actor=desk.checker, run=run, control_total=run.control_total, withheld=0)


def test_it_is_returned_by_whoever_approves_and_its_money_is_free(desk: builders.Desk) -> None:
    first, _ = two(desk)
    ids = list(WorkEntry.objects.filter(engagement=first).values_list("pk", flat=True))
    with pytest.raises(Conflict):
        timesheets.send_back(actor=desk.lead, engagement=first, entries=ids, reason="It may be paid today")
    with on(1):
        page = browser(desk.lead).get(f"/days/approvals/{first.ref}/").content.decode()
        assert "cannot be paid: Alder was closed out" in page
        timesheets.end_engagement(actor=first.worker, engagement=first, reason="Nothing more to do.")
        assert ledger.account("fund:alder:USD").reserved == 2 * HALF
        with pytest.raises(Refused):
            timesheets.send_back(actor=first.worker, engagement=first, entries=ids, reason="Mine")
        timesheets.send_back(actor=desk.lead, engagement=first, entries=ids, reason="The award is closed out")
        assert ledger.account("fund:alder:USD").reserved == 0
        assert set(WorkEntry.objects.filter(pk__in=ids).values_list("state", flat=True)) == {"returned"}


def test_what_is_in_a_run_is_not_returned(desk: builders.Desk) -> None:
    first, _ = two(desk)
    builders.prepared(desk.maker)
    ids = list(WorkEntry.objects.filter(engagement=first).values_list("pk", flat=True))
    with on(1), pytest.raises(Conflict):
        timesheets.send_back(actor=desk.lead, engagement=first, entries=ids, reason="Too late")


def test_days_are_not_approved_that_can_no_longer_be_paid(desk: builders.Desk) -> None:
    made = work.engagement(work.user("Marit Solheim"), half_days=2, split=((alder(), 2 * HALF),))
    entries = work.log(made, 2)
    with on(1), pytest.raises(Refused) as refusal:
        work.approve(made, entries, desk.lead)
    assert refusal.value.rule == "closeout"


@pytest.mark.parametrize("in_run", [False, True])
def test_ending_keeps_the_money_that_may_pay(desk: builders.Desk, in_run: bool) -> None:
    """Alder ends before the days that are approved, so it is the other fund that keeps its money."""
    limited = alder(ends=work.START, closeout=dt.date(2027, 1, 1))
    made = work.engagement(work.user("Marit Solheim"), half_days=4, split=((limited, 2 * HALF), (work.fund("common"), 2 * HALF)))
    builders.able(made.payee)
    work.approve(made, work.log(made, 2, first=NEXT), desk.lead)
    if in_run:
        builders.prepared(desk.maker)
    timesheets.end_engagement(actor=made.worker, engagement=made, reason="Enough.")
    assert [(it.fund.slug, it.open.amount) for it in made.funds.select_related("fund", "reservation")] == [
        ("alder", 0),
        ("common", 2 * HALF),
    ]
    if not in_run:
        builders.prepared(desk.maker)
    assert Payout.objects.get().state == "ready"


def test_the_closeout_is_asked_about_in_as_many_queries_for_twenty_days_as_for_two(
    desk: builders.Desk, django_assert_max_num_queries: Any
) -> None:
    Fund.objects.filter(pk=(fund := work.fund("birch")).pk).update(closeout_on=dt.date(2027, 1, 1))
    made = work.engagement(work.user("Wren Okafor"), half_days=20, split=((Fund.objects.get(pk=fund.pk), 20 * HALF),))
    builders.approved(made, 20, desk.lead)
    builders.able(made.payee)
    payout = builders.prepared(desk.maker).payouts.get()
    with django_assert_max_num_queries(3):
        assert holding.forbidden(payout) is None
