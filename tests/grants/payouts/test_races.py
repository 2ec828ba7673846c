"""Two people at once: the cap holds, one run is prepared, one release wins, and an ending never takes what was approved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connections
from django.db.models import Sum

from funding import clock
from funding.errors import DaybookError
from funding.funds.entries import bank
from funding.ledger import checks
from funding.ledger.models import Transfer
from funding.money import Money
from grants.payouts import debts, executing, services, withholding
from grants.payouts.models import Payout, PayoutLine, PayoutRun
from grants.timesheets import services as timesheets
from grants.timesheets.models import WorkEntry
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(work.NOW):
        yield


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Run the acts in threads that start together; "done" or the kind of refusal of each."""
    barrier, results = threading.Barrier(len(acts)), [""] * len(acts)

    def run(index: int) -> None:
        try:
            barrier.wait()
            acts[index]()
            results[index] = "done"
        except DaybookError as error:
            results[index] = type(error).__name__
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_the_cap_holds_when_two_windows_log_at_once() -> None:
    builders.desk()
    engagement = work.engagement(work.user("Marit Solheim"), half_days=4)
    first = [lambda day=day: work.log(engagement, 2, first=work.START.replace(day=day)) for day in (2, 5, 8, 12)]  # type: ignore[misc]
    assert sorted(at_once(*first)) == ["Invalid", "Invalid", "done", "done"]
    assert WorkEntry.objects.count() == 4


def test_the_same_slot_is_logged_once() -> None:
    builders.desk()
    marit = work.user("Marit Solheim")
    one, two = work.engagement(marit), work.engagement(marit)
    assert sorted(at_once(lambda: work.log(one, 1), lambda: work.log(two, 1))) == ["Invalid", "done"]


def test_two_treasurers_prepare_at_once_and_one_run_holds_the_days() -> None:
    desk = builders.desk()
    engagement = work.engagement(work.user("Marit Solheim"))
    builders.approved(engagement, 5, desk.lead)
    builders.able(engagement.payee)
    results = at_once(lambda: builders.prepared(desk.maker), lambda: builders.prepared(desk.checker))
    assert sorted(results) == ["Conflict", "done"]
    assert PayoutRun.objects.count() == 1
    assert PayoutLine.objects.count() == 5


def test_a_release_and_a_cancellation_at_once() -> None:
    desk = builders.desk()
    engagement = work.engagement(work.user("Marit Solheim"))
    builders.approved(engagement, 2, desk.lead)
    builders.able(engagement.payee)
    run = builders.prepared(desk.maker)
    results = at_once(
        lambda: services.release(actor=desk.checker, run=run, control_total=run.control_total, withheld=0),
        lambda: services.cancel(actor=desk.maker, run=run, reason="Wrong date"),
    )
    run.refresh_from_db()
    assert sorted(results)[-1] == "done" and "done" not in sorted(results)[:-1]
    assert (run.state, PayoutLine.objects.count()) in {("released", 2), ("cancelled", 0)}


def test_tax_that_is_paid_while_a_debt_is_cancelled_is_given_back_by_neither_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is paid between reading how much of the tax goes back and posting it: one waits for the other."""
    desk = builders.desk()
    engagement = work.engagement(work.user("Marit Solheim"))
    builders.approved(engagement, 5, desk.lead)
    builders.able(engagement.payee)
    payout = builders.prepared(desk.maker).payouts.get()
    withholding.withhold(actor=desk.maker, payout=payout, amount=Money(172_12, "USD"), reason="A rule.")
    services.release(actor=desk.checker, run=payout.run, control_total=payout.run.control_total, withheld=172_12)
    sent = executing.owe(payout_id=payout.pk)
    executing.fail(payout_id=payout.pk, key=str(sent.idempotency_key), reason="The account is closed.")
    bank.book_receipt(actor=desk.maker, amount=Money(500_00, "USD"), on=clock.today(), bank_reference="B-1", reason="Unknown.")
    debts.ask(actor=desk.maker, payout=payout, reason="The company is dissolved.")
    read, others = debts.tax_back, []

    def pay() -> None:
        try:
            with clock.at(work.NOW):
                bank.book_tax_paid(actor=desk.maker, amount=Money(100_00, "USD"), on=clock.today(), bank_reference="T-1", reason="October.")
        except DaybookError:
            pass  # nothing is owed any more
        finally:
            connections["default"].close()

    def meanwhile(payout: Payout) -> Money:
        found = read(payout)
        others.append(threading.Thread(target=pay))
        others[0].start()
        others[0].join(1)
        return found

    monkeypatch.setattr(debts, "tax_back", meanwhile)
    debt = debts.decide(actor=desk.checker, payout=payout, agree=True)
    others[0].join()
    back = Transfer.objects.filter(entry=debt.entry, settles__kind="tax_withheld").aggregate(sum=Sum("amount"))["sum"]
    assert debt.withheld == back
    assert [problem for result in checks.run() for problem in result.problems] == []


def test_an_approval_and_an_ending_at_once_never_lose_the_money_of_the_approved_day() -> None:
    desk = builders.desk()
    engagement = work.engagement(work.user("Marit Solheim"))
    entries = work.log(engagement, 2)
    at_once(
        lambda: timesheets.approve(actor=desk.lead, engagement=engagement, entries=[entry.pk for entry in entries]),
        lambda: timesheets.end_engagement(actor=engagement.worker, engagement=engagement, reason="Leaving"),
    )
    assert WorkEntry.objects.filter(state="approved").count() == 2
    assert engagement.funds.get().reservation.open >= 2 * 22950
    assert [problem for result in checks.run() for problem in result.problems] == []
