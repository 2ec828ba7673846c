"""A run that is owed in one go: the same entries as one by one, in one call to the books, and no payout waits for another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.ledger import errors
from funding.ledger import services as ledger
from funding.ledger.models import Entry, Reservation
from funding.money import Money
from grants.payouts import books, executing, owing, selectors, services, withholding
from grants.payouts.models import PayeeChange, Payout
from grants.payouts.tasks import execute_run
from tests.funding.payments.standin import StandIn
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders

pytestmark = pytest.mark.django_db
NAMES = ("Anna Berg", "Bea Chen", "Marit Solheim")


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def desk() -> builders.Desk:
    return builders.desk()


@pytest.fixture
def prepared(desk: builders.Desk) -> list[Payout]:
    """Three payees with one, two and three approved half days, in a run that waits for its release."""
    for number, name in enumerate(NAMES, start=1):
        made = work.engagement(work.user(name))
        builders.approved(made, number, desk.lead)
        builders.able(made.payee)
    run = builders.prepared(desk.maker)
    return list(run.payouts.select_related("run", "payee").order_by("payee__name"))


def release(desk: builders.Desk, payouts: list[Payout]) -> list[int]:
    services.release(
        actor=desk.checker,
        run=payouts[0].run,
        control_total=payouts[0].run.control_total,
        withheld=selectors.withheld(payouts[0].run.payouts.all()),
    )
    return [payout.pk for payout in payouts]


def again(payouts: list[Payout]) -> list[Payout]:
    return [Payout.objects.get(pk=payout.pk) for payout in payouts]


def posts(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries if "ledger_post" in query["sql"]]


def locks(queries: CaptureQueriesContext) -> list[str]:
    return [name for query in queries for name in ("ledger_hold", "ledger_post") if name in query["sql"]]


def test_a_run_is_owed_in_one_call_and_each_payout_is_as_if_by_itself(desk: builders.Desk, prepared: list[Payout]) -> None:
    ids = release(desk, prepared)
    with CaptureQueriesContext(connection) as queries:
        assert owing.together(payout_ids=ids) == 3
    assert len(posts(queries)) == 1
    found = again(prepared)
    assert [(it.state, it.sending, it.outstanding, it.idempotency_key) for it in found] == [
        ("sent", 22_950 * number, 22_950 * number, services.key_of(it)) for number, it in enumerate(found, start=1)
    ]
    line = ("fund:quillon:USD", "owed:payouts:USD", 22_950)
    assert [builders.entry_lines(it.sent_entry) for it in found] == [[line] * number for number in (1, 2, 3)]
    assert sorted(Reservation.objects.values_list("drawn", flat=True)) == [22_950, 45_900, 68_850]
    assert builders.problems() == []
    assert [executing.owe(payout_id=pk).sent_entry_id for pk in ids] == [it.sent_entry_id for it in found]
    assert (owing.together(payout_ids=ids), Entry.objects.filter(kind="payout_sent").count()) == (0, 3)


def test_more_payouts_take_no_more_queries(desk: builders.Desk, prepared: list[Payout]) -> None:
    ids, counts = release(desk, prepared), []
    books.owed_account("USD")
    for some in (ids[:1], ids[1:]):
        with CaptureQueriesContext(connection) as queries:
            assert owing.together(payout_ids=some) == len(some)
        counts.append(len(queries))
    # Whether a fund's closeout forbids one is asked for each.
    assert counts[1] == counts[0] + 1


def test_what_the_books_refuse_is_left_and_the_others_are_owed(desk: builders.Desk, prepared: list[Payout]) -> None:
    ids = release(desk, prepared)
    held = Reservation.objects.get(pk=books.draws(prepared[1])[0].reservation.pk)  # type: ignore[union-attr]
    ledger.release(reservation=held, amount=held.open - 1, key="taken", at=clock.now())
    assert owing.together(payout_ids=ids) == 2
    assert [it.state for it in again(prepared)] == ["sent", "ready", "sent"]
    waits = executing.execute(payout_id=ids[1])
    assert (waits.state, waits.tries, waits.next_try_at) == ("ready", 1, clock.now() + 2 * owing.LEASE)
    assert waits.failure


def test_a_payee_who_may_not_be_paid_any_more_is_left_to_be_set_aside(desk: builders.Desk, prepared: list[Payout]) -> None:
    ids = release(desk, prepared)
    days = dt.timedelta(days=3)
    PayeeChange.objects.create(party=prepared[2].payee, what=PayeeChange.What.BANK, at=clock.now(), holds_until=clock.now() + days)
    assert owing.together(payout_ids=ids) == 2
    assert [it.state for it in again(prepared)] == ["sent", "sent", "ready"]
    assert executing.owe(payout_id=ids[2]).state == "held"


def test_nothing_is_owed_before_the_release(prepared: list[Payout]) -> None:
    assert owing.together(payout_ids=[it.pk for it in prepared]) == 0
    assert not Entry.objects.filter(kind="payout_sent").exists()


def test_what_is_withheld_is_owed_too_or_neither(desk: builders.Desk, prepared: list[Payout], monkeypatch: pytest.MonkeyPatch) -> None:
    for payout in prepared[1:]:
        withholding.withhold(actor=desk.maker, payout=payout, amount=Money(1_000, "USD"), reason="A rule.")
    ids = release(desk, prepared)
    whole = books.withholdings

    def too_much(payout: Payout) -> list[ledger.Line]:
        lines = whole(payout)
        return lines if payout.pk != ids[2] else [*lines, *lines * 99]

    with monkeypatch.context() as patch:
        patch.setattr(books, "withholdings", too_much)
        assert owing.together(payout_ids=ids) == 0
        assert {it.state for it in again(prepared)} == {"ready"}
        assert not Entry.objects.filter(kind__in=["payout_sent", "tax_withheld"]).exists()
        with CaptureQueriesContext(connection) as queries:
            assert executing.owe(payout_id=ids[1]).outstanding == 44_900
        assert locks(queries) == ["ledger_hold", "ledger_post", "ledger_post"]
        with pytest.raises(errors.LedgerError):
            executing.owe(payout_id=ids[2])
    with CaptureQueriesContext(connection) as queries:
        assert owing.together(payout_ids=ids) == 2
    assert len(posts(queries)) == 2
    assert locks(queries) == ["ledger_hold", "ledger_post", "ledger_post"], "two posts take accounts in order only if all are held"
    found = again(prepared)
    assert [(it.state, it.outstanding) for it in found] == [("sent", 22_950), ("sent", 44_900), ("sent", 67_850)]
    assert builders.entry_lines(found[2].withheld_entry) == [("owed:payouts:USD", "owed:tax:USD", 1_000)]
    assert builders.problems() == []


@pytest.mark.parametrize(("payouts", "lines", "calls"), [(1, 10_000, 3), (2, 10_000, 2), (100, 5, 2), (100, 1, 3)])
def test_a_call_holds_as_many_as_it_may(
    desk: builders.Desk, prepared: list[Payout], monkeypatch: pytest.MonkeyPatch, payouts: int, lines: int, calls: int
) -> None:
    ids = release(desk, prepared)
    monkeypatch.setattr(owing, "AT_ONCE", payouts)
    monkeypatch.setattr(ledger, "MAX_LINES", lines)
    with CaptureQueriesContext(connection) as queries:
        assert owing.together(payout_ids=ids) == 3
    assert len(posts(queries)) == calls


def test_the_sweeper_owes_all_that_is_due_first_and_pays_each(desk: builders.Desk, stripe_stand_in: StandIn) -> None:
    for name in NAMES:
        made = work.engagement(work.user(name))
        builders.approved(made, 1, desk.lead)
        builders.onboarded(made.payee, made.worker, stripe_stand_in, balance=Money(100_000, "USD"))
    paid = builders.released(desk)
    with CaptureQueriesContext(connection) as queries:
        outcome = executing.execute_due()
    assert [it.state for it in outcome.payouts] == ["confirmed"] * 3
    assert len(posts(queries)) == 4  # owed at once; each confirmed when the processor has answered for it
    assert {it.run.state for it in again(paid)} == {"done"}
    assert builders.problems() == []


def test_a_worker_owes_the_run_and_hands_it_on(desk: builders.Desk, prepared: list[Payout], monkeypatch: pytest.MonkeyPatch) -> None:
    ids = release(desk, prepared)
    asked: list[Any] = []
    monkeypatch.setattr(executing, "enqueue", lambda *call: asked.append(call))
    assert execute_run(prepared[0].run_id) == 3
    assert asked == [(executing.TASK, pk) for pk in ids]
    assert {it.state for it in again(prepared)} == {"sent"}
    assert execute_run(prepared[0].run_id) == 3, "what a dead worker had begun is handed on again"
    assert Entry.objects.filter(kind="payout_sent").count() == 3
