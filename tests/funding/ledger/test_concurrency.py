"""Real threads on real connections, with real commits: what the locks are for."""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, connections, transaction

from funding.ledger import checks, errors, selectors
from funding.ledger import services as ledger
from funding.ledger.models import Account, BookDay, Entry
from funding.ledger.services import Line
from tests.funding.ledger import books

pytestmark = pytest.mark.django_db(transaction=True)


def together(number: int, act: Callable[[int], object]) -> Counter[str]:
    """Run `act` in that many threads, released at once; how often each outcome (error class or ok) came."""
    outcomes: Counter[str] = Counter()
    gate, lock = threading.Barrier(number), threading.Lock()

    def run(index: int) -> None:
        try:
            connection.ensure_connection()
            gate.wait(60)
            act(index)
            outcome = "ok"
        except errors.LedgerError as refusal:
            outcome = type(refusal).__name__
        finally:
            connections.close_all()
        with lock:
            outcomes[outcome] += 1

    threads = [threading.Thread(target=run, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return outcomes


def hold() -> None:
    assert [(result.code, result.problems) for result in checks.run() if not result.holds] == []


def test_an_entry_that_was_overtaken_is_not_left_out_of_the_past() -> None:
    """It has taken its number and waits for its fund; the next one passes it. Both were recorded by then."""
    fund, other, quick = books.fund(), books.fund("other"), books.fund("quick")
    for account in (fund, quick):
        books.contribute(account, 100)
    waiting = threading.Thread(target=lambda: (books.post(Line(fund, other, 1, "move"), reference="waits"), connections.close_all()))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT ledger_hold('USD', now())")
            waiting.start()
            end = time.monotonic() + 60
            while not waits_for_a_lock():
                assert time.monotonic() < end, "Nobody came to wait"
                time.sleep(0.01)
        books.post(Line(quick, books.payouts(), 1, "payout"), reference="passes")
    waiting.join(60)
    late, early = (Entry.objects.get(reference=name) for name in ("waits", "passes"))
    assert late.number < early.number and late.transfers.get().pk > early.transfers.get().pk
    assert selectors.balances_at([other], books.AT)[other.pk].credits == 1


def test_a_payout_that_waited_for_a_refund_goes_around_what_it_pinned() -> None:
    """Its statement began before the refund was there to be seen; the row that it waited for says where the pin ends."""
    fund = books.fund()
    inflow = books.contribute(fund, 100)
    books.contribute(fund, 100)
    waiting = threading.Thread(target=lambda: (books.pay_out(fund, 80, reference="waits"), connections.close_all()))
    with transaction.atomic():
        books.refund(inflow, 20, 100)
        waiting.start()
        end = time.monotonic() + 60
        while not waits_for_a_lock():
            assert time.monotonic() < end, "Nobody came to wait"
            time.sleep(0.01)
    waiting.join(60)
    row = Entry.objects.get(reference="waits").transfers.get()
    assert (row.spend_from, row.spend_to) == (0, 160), "20 of the first gift, and 60 of the second after the pin of 80"
    hold()


def waits_for_a_lock() -> bool:
    """Somebody in this database. The table of activity would not do: a transaction sees one state of it, that of its first look."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT here.pid FROM pg_locks here"
            " JOIN pg_database d ON d.oid = here.database WHERE d.datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


def test_fifty_threads_want_the_last_hundred_and_one_gets_it() -> None:
    """Five rounds in one test: as five, two could run at once and ask a server for more connections than its default hundred."""
    for round_ in range(5):
        fund, owed = books.fund(f"last-{round_}"), books.account(f"owed:last-{round_}", "owed")
        books.contribute(fund, 100_00)
        asked = functools.partial(want, fund, owed, round_)
        assert together(50, asked) == {"ok": 1, "Overdrawn": 49}
        assert (books.fresh(fund).available.amount, books.fresh(owed).credits) == (0, 100_00)
    hold()


def want(fund: Account, owed: Account, round_: int, index: int) -> Entry:
    return books.post(Line(fund, owed, 100_00, "payout"), reference=f"payout-{round_}-{index}")


def test_promises_and_payouts_race_for_the_same_money() -> None:
    fund = books.fund()
    books.contribute(fund, 100_00)

    def act(index: int) -> object:
        if index % 2:
            return books.reserve(fund, 30_00, key=f"held-by-{index}")
        return books.pay_out(fund, 30_00, reference=f"payout-{index}")

    assert together(20, act) == {"ok": 3, "Overdrawn": 17}
    assert books.fresh(fund).available.amount == 10_00
    hold()


def test_one_fact_from_ten_threads_posts_once() -> None:
    fund = books.fund()
    books.cash()
    books.clearing()
    assert together(10, lambda _: books.contribute(fund, 10_00, reference="webhook-and-answer")) == {"ok": 10}
    assert Entry.objects.count() == 1
    assert books.fresh(fund).credits == 10_00
    hold()


def test_one_promise_and_one_release_from_ten_threads_count_once() -> None:
    fund = books.fund()
    books.contribute(fund, 100_00)
    assert together(10, lambda _: books.reserve(fund, 60_00, key="decision")) == {"ok": 10}
    promise = books.reserve(fund, 60_00, key="decision")
    assert together(10, lambda _: ledger.release(reservation=promise, amount=25_00, key="end", at=books.AT)) == {"ok": 10}
    promise.refresh_from_db()
    assert promise.open == 35_00
    hold()


def test_money_going_round_between_funds_does_not_deadlock() -> None:
    funds = [books.fund(name) for name in "abc"]
    for fund in funds:
        books.contribute(fund, 10_00)

    def act(index: int) -> object:
        start = index % 3
        ring = [funds[(start + step) % 3] for step in range(4)]
        lines = [Line(giver, taker, 1, "move") for giver, taker in itertools.pairwise(ring)]
        return [books.post(*lines, reference=f"ring-{index}-{lap}") for lap in range(5)]

    assert together(12, act) == {"ok": 12}
    assert [books.fresh(fund).available.amount for fund in funds] == [10_00] * 3
    hold()


def test_contributions_do_not_wait_for_each_other_on_cash() -> None:
    """A contribution to one fund is written while another one, to another fund, has not been committed."""
    first, second = books.fund("first"), books.fund("second")
    books.contribute(first, 1)
    written, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                books.contribute(first, 10_00, reference="slow")
                written.set()
                may_end.wait(20)
        finally:
            connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(20)
    try:
        with connection.cursor() as cursor:
            # Two backends may share one of sixteen shards; ask for another one by its process id.
            cursor.execute("SELECT pid % 16 FROM pg_stat_activity WHERE pid = pg_backend_pid()")
            mine = cursor.fetchone()[0]
            cursor.execute("SELECT pid % 16 FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()")
            others = {row[0] for row in cursor.fetchall()}
            cursor.execute("SET lock_timeout = '2s'")
        if mine not in others:
            books.contribute(second, 5_00, reference="quick")
            assert books.fresh(second).available.amount == 5_00
        assert books.fresh(first).available.amount == 1
    finally:
        may_end.set()
        thread.join(20)
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert books.fresh(first).available.amount == 10_01


def test_a_day_does_not_close_under_an_entry_that_is_being_written() -> None:
    fund = books.fund()
    day = BookDay.objects.get().day
    written, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                books.contribute(fund, 10_00, reference="before-midnight")
                written.set()
                may_end.wait(20)
        finally:
            connections.close_all()

    def close() -> None:
        try:
            ledger.advance_book_day(day + dt.timedelta(days=1))
        finally:
            connections.close_all()

    writer = threading.Thread(target=slow)
    writer.start()
    assert written.wait(20)
    closer = threading.Thread(target=close)
    closer.start()
    closer.join(0.5)
    assert closer.is_alive()
    may_end.set()
    writer.join(20)
    closer.join(20)
    assert Entry.objects.get(reference="before-midnight").book_day_id == day
    assert BookDay.objects.get(closed_at=None).day == day + dt.timedelta(days=1)
