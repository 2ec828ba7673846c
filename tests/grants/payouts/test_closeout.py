"""After its closeout a fund pays nobody: a run is prepared without those days, one that waits lets go of them, and each says why."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from funding import clock
from funding.errors import Conflict
from funding.funds.models import Fund
from funding.ledger import checks
from funding.ledger import services as ledger
from grants.engagements.models import Engagement
from grants.payouts import executing, services
from grants.payouts.models import Payout, PayoutShare
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders

pytestmark = pytest.mark.django_db
HALF = 22950
TODAY = work.NOW.date()
SENTENCE = "Alder was closed out on 30 October 2026 and pays nothing after that day."


@pytest.fixture(autouse=True)
def _october() -> Any:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def desk() -> builders.Desk:
    return builders.desk()


def alder(*, closeout: dt.date | None = TODAY, ends: dt.date | None = None) -> Fund:
    fund = work.fund("alder")
    Fund.objects.filter(pk=fund.pk).update(closeout_on=closeout, ends_on=ends)
    return Fund.objects.get(pk=fund.pk)


def engaged(desk: builders.Desk, *split: tuple[Fund, int], number: int = 2) -> Engagement:
    made = work.engagement(work.user("Marit Solheim"), half_days=number, split=split)
    builders.approved(made, number, desk.lead)
    builders.able(made.payee)
    return made


def on(day: int) -> Any:
    return clock.at(work.NOW + dt.timedelta(days=day))


def test_on_its_last_day_it_pays(desk: builders.Desk) -> None:
    engaged(desk, (alder(), 2 * HALF))
    assert [payout.state for payout in builders.released(desk)] == ["ready"]


def test_a_run_prepared_after_it_holds_the_days_and_says_why(desk: builders.Desk) -> None:
    engaged(desk, (alder(), 2 * HALF))
    with on(1):
        payout = builders.prepared(desk.maker).payouts.get()
    assert (payout.state, SENTENCE in payout.hold_reason) == ("held", True)


def test_a_run_that_waits_lets_go_of_them_when_it_is_released(desk: builders.Desk) -> None:
    engaged(desk, (alder(), 2 * HALF))
    run = builders.prepared(desk.maker)
    with on(1), pytest.raises(Conflict):
        services.release(actor=desk.checker, run=run, control_total=run.control_total, withheld=0)
    payout = run.payouts.get()
    assert (payout.state, SENTENCE in payout.hold_reason, PayoutShare.objects.count()) == ("held", True, 0)


def test_one_that_is_released_and_not_yet_sent_is_set_aside(desk: builders.Desk) -> None:
    engaged(desk, (alder(), 2 * HALF))
    (payout,) = builders.released(desk)
    with on(1):
        assert executing.owe(payout_id=payout.pk).state == "held"
    assert Payout.objects.get().sent_entry is None


def test_each_day_draws_from_the_first_fund_that_may_pay_for_it(desk: builders.Desk) -> None:
    fund = alder(ends=work.START, closeout=dt.date(2027, 1, 1))
    engaged(desk, (fund, 2 * HALF), (work.fund("common"), 2 * HALF), number=4)
    builders.prepared(desk.maker)
    drawn = PayoutShare.objects.order_by("line__work_entry__date", "pk").values_list("source__fund__slug", "amount")
    assert list(drawn) == [("alder", HALF), ("alder", HALF), ("common", HALF), ("common", HALF)]


@pytest.mark.parametrize(
    ("changed", "rule"), [({"ends_on": work.START - dt.timedelta(days=1)}, "period"), ({"closeout_on": work.START}, "closeout")]
)
def test_the_books_are_checked_against_the_period_and_the_closeout(desk: builders.Desk, changed: dict[str, Any], rule: str) -> None:
    engaged(desk, (alder(closeout=None), 2 * HALF))
    (payout,) = builders.released(desk)
    executing.owe(payout_id=payout.pk)
    assert checks.run("I8")[0].problems == []
    Fund.objects.filter(slug="alder").update(**changed)
    said = checks.run("I8")[0].problems
    assert len(said) == 2 and all(f"against the rule “{rule}”" in sentence for sentence in said)


def test_a_payment_of_its_last_day_that_a_closed_period_put_later_is_no_breach(desk: builders.Desk) -> None:
    engaged(desk, (alder(), 2 * HALF))
    (payout,) = builders.released(desk)
    ledger.advance_book_day(TODAY + dt.timedelta(days=5))
    ledger.close_period(actor=None, through=TODAY)
    sent = executing.owe(payout_id=payout.pk).sent_entry
    assert sent is not None
    assert (sent.stated_on, sent.effective_on) == (TODAY, TODAY + dt.timedelta(days=1))
    assert checks.run("I8")[0].problems == []
