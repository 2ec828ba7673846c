"""The processor's balance against the books: what is matched, every way to differ, who explains it, and what comes right by itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.funds.entries import bank
from funding.ledger import services as ledger
from funding.ledger.models import Account, Entry
from funding.mail.models import Message
from funding.money import Money
from funding.payments import cash, gateway, monthly_fees, reconciliation, tasks
from funding.payments.models import Difference, Match, ProcessorLine, Reconciliation
from funding.payments.reconciliation import claims
from funding.people.roles import Role
from sponsors.invoices.models import Payment
from tests.funding.builders import browser, holder, host, user
from tests.funding.payments import builders
from tests.funding.payments.standin import StandIn
from tests.sponsors import builders as money_in

pytestmark = pytest.mark.django_db
NOW = dt.timedelta()
PAGE = "/payments/reconciliation/"
State = Difference.State


@pytest.fixture(autouse=True)
def _january() -> Iterator[None]:
    with clock.at(money_in.JOINED):
        yield


def compare() -> Reconciliation:
    """Everything, however young."""
    return reconciliation.reconcile(grace=NOW)


def seen() -> list[tuple[str, int, int, str]]:
    rows = Difference.objects.order_by("pk")
    return [(row.reason, row.at_processor, row.in_books, row.state) for row in rows]


def post(cents: int, reference: str = "X-1") -> Entry:
    """Money that the books say came to the processor for somebody whom nobody knows."""
    owed = ledger.open_account(code="owed:unidentified:USD", klass=Account.Klass.OWED, currency="USD")
    lines = [ledger.Line(cash.account("USD"), owed, cents, "unidentified")]
    return ledger.post(kind="unidentified", source="test", reference=reference, lines=lines, at=clock.now(), effective_on=clock.today())


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[reconciliation.Claim]]:
    """What a made-up app claims: movement → claims. The apps that there are claim nothing."""
    monkeypatch.setattr(claims, "_claimers", {})
    said: dict[str, list[reconciliation.Claim]] = {}
    reconciliation.register("made up", lambda lines: {line.txn_id: said[line.txn_id] for line in lines if line.txn_id in said})
    return said


def top_up(stand_in: StandIn, cents: int) -> str:
    """A movement on the balance. Returns `txn_…`."""
    stand_in.fund(builders.usd(cents))
    now = dt.datetime.now(dt.UTC)
    return next(gateway.balance_transactions(since=now - dt.timedelta(hours=1), until=now + dt.timedelta(hours=1))).id


def test_a_sponsors_payment_is_matched_and_nothing_differs(stripe_stand_in: StandIn) -> None:
    joined = money_in.sponsor(stripe_stand_in)

    run = compare()

    assert (run.read, run.matched, run.opened) == (1, 1, 0)
    match = Match.objects.get()
    assert (match.entry, match.net, match.claimed_by) == (joined.payment.entry, 9_680, "payments")
    assert run.balances == [{"currency": "USD", "processor": 9_680, "books": 9_680}]
    again = compare()
    assert (again.read, again.matched, ProcessorLine.objects.count(), seen()) == (0, 0, 1, [])
    assert not Message.objects.filter(kind="reconciliation_differs").exists()


def test_a_movement_that_nobody_knows_is_listed_mailed_once_and_comes_right_when_it_is_booked(
    stripe_stand_in: StandIn, book: dict[str, list[reconciliation.Claim]]
) -> None:
    treasurer = holder("treasurer")
    txn = top_up(stripe_stand_in, 5_000)

    compare()
    compare()

    assert seen() == [("unclaimed", 5_000, 0, State.OPEN)]
    (mail,) = Message.objects.filter(kind="reconciliation_differs")
    assert mail.to == treasurer.email and "The books know nothing of this movement: top-up txn_" in mail.body
    book[txn] = [reconciliation.Claim(post(5_000).number, 5_000)]
    assert compare().settled == 1
    assert seen() == [("unclaimed", 5_000, 0, State.SETTLED)]


def test_an_entry_that_the_processor_knows_nothing_of_is_listed_until_its_movement_comes(
    stripe_stand_in: StandIn, book: dict[str, list[reconciliation.Claim]]
) -> None:
    entry = post(700)
    compare()
    assert seen() == [("missing", 0, 700, State.OPEN)]
    book[top_up(stripe_stand_in, 700)] = [reconciliation.Claim(entry.number, 700)]
    compare()
    assert seen() == [("missing", 0, 700, State.SETTLED)]


def test_a_sum_that_differs_is_told_on_both_sides(stripe_stand_in: StandIn, book: dict[str, list[reconciliation.Claim]]) -> None:
    book[top_up(stripe_stand_in, 690)] = [reconciliation.Claim(post(700).number, 700)]
    book[top_up(stripe_stand_in, 300)] = [reconciliation.Claim(post(200, "X-2").number, 300)]
    compare()
    assert seen() == [("line", 690, 700, State.OPEN), ("entry", 300, 200, State.OPEN)]
    (standing,) = reconciliation.overview().standings
    assert (standing.apart, standing.unaccounted) == (builders.usd(90), builders.usd(0))


def test_one_movement_may_be_several_entries_and_one_entry_several_movements(
    stripe_stand_in: StandIn, book: dict[str, list[reconciliation.Claim]]
) -> None:
    one, two = post(1_000), post(500, "X-2")
    book[top_up(stripe_stand_in, 1_200)] = [reconciliation.Claim(one.number, 1_000), reconciliation.Claim(two.number, 200)]
    book[top_up(stripe_stand_in, 300)] = [reconciliation.Claim(two.number, 300)]
    assert compare().matched == 2
    assert seen() == []


def test_an_entry_that_was_reversed_needs_no_movement(stripe_stand_in: StandIn, book: dict[str, list[reconciliation.Claim]]) -> None:
    ledger.reverse(entry=post(700), at=clock.now(), effective_on=clock.today())
    compare()
    assert seen() == []


def test_what_is_young_is_not_missed_yet(stripe_stand_in: StandIn, book: dict[str, list[reconciliation.Claim]]) -> None:
    top_up(stripe_stand_in, 5_000)
    post(700)
    assert reconciliation.reconcile().opened == 0
    with clock.at(money_in.JOINED + dt.timedelta(hours=7)):
        assert reconciliation.reconcile().opened == 1
    assert seen() == [("missing", 0, 700, State.OPEN)], "a movement's age is real time, an entry's is that of our calendar"


def test_a_movement_that_two_apps_claim_stops_the_comparison(stripe_stand_in: StandIn, book: dict[str, list[reconciliation.Claim]]) -> None:
    txn, entry = top_up(stripe_stand_in, 5_000), post(5_000)
    book[txn] = [reconciliation.Claim(entry.number, 5_000)]
    reconciliation.register("another", lambda lines: {line.txn_id: reconciliation.Claim(entry.number, 5_000) for line in lines})
    with pytest.raises(ValueError, match="by made up and by another"):
        compare()
    assert ProcessorLine.objects.count() == 1 and not Match.objects.exists()


def test_reading_that_breaks_off_is_taken_up_again(stripe_stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        stripe_stand_in.fund(builders.usd(100))
    monkeypatch.setattr(gateway.stripe.balance, "PAGE", 2)
    monkeypatch.setattr("funding.payments.reconciliation.services.BATCH", 2)
    stripe_stand_in.control("weather", kind="500", operation="balance_transactions", count=0)
    with pytest.raises(gateway.Unavailable):
        compare()
    assert not Reconciliation.objects.exists()
    stripe_stand_in.clear()
    assert compare().read == 5
    assert compare().read == 0


def test_a_window_reads_what_it_says(stripe_stand_in: StandIn) -> None:
    stripe_stand_in.fund(builders.usd(100))
    before = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    assert reconciliation.reconcile(since=before - dt.timedelta(days=1), until=before).read == 0
    assert reconciliation.reconcile(since=before).read == 1


def test_it_runs_once_a_night_and_only_when_money_has_moved(stripe_stand_in: StandIn) -> None:
    assert tasks.reconcile() == "not due"
    money_in.sponsor(stripe_stand_in)
    assert tasks.reconcile() == "1 read, 1 matched, 0 opened, 0 settled"
    assert tasks.reconcile() == "not due"
    with clock.at(money_in.JOINED + dt.timedelta(days=1)):
        assert tasks.reconcile() == "0 read, 0 matched, 0 opened, 0 settled"


class TestExplaining:
    @pytest.fixture
    def open_one(self, stripe_stand_in: StandIn, book: dict[str, list[reconciliation.Claim]]) -> Difference:
        self.maker, self.book = holder("treasurer", name="Mona Maker"), book
        self.entry = post(700)
        book[top_up(stripe_stand_in, 690)] = [reconciliation.Claim(self.entry.number, 690, frozenset({self.maker.pk}))]
        compare()
        return Difference.objects.get()

    def test_by_a_treasurer_with_a_reason_and_it_stays_closed(self, open_one: Difference) -> None:
        treasurer = holder("treasurer", name="Tora Other")
        reconciliation.explain(actor=treasurer, difference=open_one, reason="The bank kept ten cents.")
        compare()
        row = Difference.objects.get()
        assert (row.state, row.closed_by, row.explanation) == (State.EXPLAINED, treasurer, "The bank kept ten cents.")
        assert Record.objects.filter(act="payments.explain_difference", outcome="done", reason="The bank kept ten cents.").count() == 1
        with pytest.raises(Conflict):
            reconciliation.explain(actor=treasurer, difference=row, reason="Again")

    def test_it_opens_again_when_its_sums_change(self, open_one: Difference, stripe_stand_in: StandIn) -> None:
        reconciliation.explain(actor=holder("treasurer"), difference=open_one, reason="The bank kept ten cents.")
        self.book[top_up(stripe_stand_in, 4)] = [reconciliation.Claim(self.entry.number, 4)]
        assert compare().opened == 1
        assert seen() == [("entry", 694, 700, State.OPEN)]
        assert Difference.objects.get().explanation == ""

    def test_not_by_who_made_it_and_the_attempt_is_audited(self, open_one: Difference) -> None:
        with pytest.raises(Refused) as caught:
            reconciliation.explain(actor=self.maker, difference=open_one, reason="It is fine.")
        assert caught.value.rule == "prepared"
        assert Record.objects.filter(act="payments.explain_difference", outcome="refused", rule="prepared", actor_id=self.maker.pk).exists()
        assert Difference.objects.get().state == State.OPEN

    def test_nor_by_who_made_an_entry_that_the_processor_does_not_know(
        self, book: dict[str, list[reconciliation.Claim]], stripe_stand_in: StandIn
    ) -> None:
        maker, entry = holder("treasurer"), post(700)
        reconciliation.register(
            "maker", lambda lines: {}, lambda entries: {entry.number: frozenset({maker.pk})} if entry.number in entries else {}
        )
        compare()
        with pytest.raises(Refused) as caught:
            reconciliation.explain(actor=maker, difference=Difference.objects.get(), reason="It is fine.")
        assert caught.value.rule == "prepared"

    @pytest.mark.parametrize("role", ["admin", "auditor", ""])
    def test_not_by_others(self, open_one: Difference, role: str) -> None:
        with pytest.raises(Refused):
            reconciliation.explain(actor=holder(role) if role else user(), difference=open_one, reason="It is fine.")

    def test_not_without_a_reason(self, open_one: Difference) -> None:
        with pytest.raises(Invalid):
            reconciliation.explain(actor=holder("treasurer"), difference=open_one, reason="  ")


class TestPages:
    def test_a_treasurer_sees_the_balances_and_explains(self, stripe_stand_in: StandIn) -> None:
        money_in.sponsor(stripe_stand_in)
        stripe_stand_in.fund(builders.usd(5_000))
        compare()
        treasurer: Client = browser(holder("treasurer"))
        page = treasurer.get(PAGE).content.decode()
        for words in ("146.80", "96.80", "50.00", "The books know nothing of this movement", "top-up txn_", "As of "):
            assert words in page
        row = Difference.objects.get()
        assert "top-up" in treasurer.get(f"{PAGE}{row.pk}/explain/").content.decode()
        assert treasurer.post(f"{PAGE}{row.pk}/explain/", {"reason": "Our own top-up."})["Location"] == PAGE
        assert "None" in treasurer.get(PAGE).content.decode()
        assert "Our own top-up." in treasurer.get(f"{PAGE}?state=explained").content.decode()
        assert "What waits for a person" in treasurer.get("/desk/waiting/").content.decode()

    def test_an_auditor_reads_and_is_offered_nothing(self, stripe_stand_in: StandIn) -> None:
        stripe_stand_in.fund(builders.usd(5_000))
        compare()
        page = browser(holder("auditor")).get(PAGE).content.decode()
        assert "top-up" in page and "explain/" not in page and "Compare now" not in page

    def test_nothing_yet(self) -> None:
        page = browser(holder("treasurer")).get(PAGE).content.decode()
        assert "Not compared yet" in page
        assert browser(holder("treasurer")).get(f"{PAGE}?before=x&state=none").status_code == 200

    def test_one_and_many_rows_cost_the_same(self, stripe_stand_in: StandIn) -> None:
        reader = browser(holder("treasurer"))
        reader.get(PAGE)
        costs = set()
        for _ in range(3):
            stripe_stand_in.fund(builders.usd(100))
            compare()
            with CaptureQueriesContext(connection) as queries:
                assert reader.get(PAGE).status_code == 200
            costs.add(len(queries))
        assert len(costs) == 1, costs


class TestCommand:
    def run(self, *options: str) -> str:
        out = StringIO()
        call_command("reconcile", *options, stdout=out)
        return out.getvalue()

    def test_it_prints_counts_and_sums(self, stripe_stand_in: StandIn) -> None:
        money_in.sponsor(stripe_stand_in)
        said = self.run("--grace", "0", "--since", "2020-01-01")
        assert "Movements read 1, matched 1." in said
        assert "The processor and the books agree." in said

    def test_it_fails_while_something_is_open(self, stripe_stand_in: StandIn) -> None:
        stripe_stand_in.fund(builders.usd(100))
        with pytest.raises(CommandError, match="Differences that are open: 1"):
            self.run("--grace", "0")

    def test_it_says_that_the_processor_is_down(self, stripe_stand_in: StandIn) -> None:
        stripe_stand_in.trouble("down", 0)
        with pytest.raises(CommandError, match="could not be reached"):
            self.run()


def test_what_was_read_and_matched_is_never_changed(stripe_stand_in: StandIn) -> None:
    money_in.sponsor(stripe_stand_in)
    compare()
    for change in (lambda: ProcessorLine.objects.update(net=1, amount=1, fee=0), lambda: Match.objects.all().delete()):
        with pytest.raises(DatabaseError, match=r"written once|permission denied"), transaction.atomic():
            change()


def test_a_payment_keeps_its_movement_from_wherever_it_was_heard(stripe_stand_in: StandIn) -> None:
    joined = money_in.sponsor(stripe_stand_in)
    assert Payment.objects.get().balance_transaction == gateway.read_charge(joined.payment.charge_id).balance_transaction


def test_a_payment_booked_before_movements_were_kept_learns_its_own(stripe_stand_in: StandIn) -> None:
    money_in.sponsor(stripe_stand_in)
    Payment.objects.update(balance_transaction="")
    compare()
    assert seen() == []
    assert Match.objects.get().claimed_by == "payments"


def test_a_payment_that_the_processor_does_not_know_stops_nothing(stripe_stand_in: StandIn) -> None:
    money_in.sponsor(stripe_stand_in)
    Payment.objects.update(balance_transaction="", charge_id="pi_gone")
    compare()
    assert [reason for reason, *_ in seen()] == ["unclaimed", "missing"]


def test_what_fell_between_two_windows_is_read_by_the_next_comparison(
    stripe_stand_in: StandIn, book: dict[str, list[reconciliation.Claim]]
) -> None:
    now = dt.datetime.now(dt.UTC)
    reconciliation.reconcile(since=dt.datetime(2011, 1, 1, tzinfo=dt.UTC), until=now - dt.timedelta(days=30))
    top_up(stripe_stand_in, 5_000)
    reconciliation.reconcile(since=now + dt.timedelta(seconds=30), grace=NOW)
    assert seen() == []
    run = compare()
    assert (run.read, seen()) == (1, [("unclaimed", 5_000, 0, State.OPEN)])
    assert run.since < now - dt.timedelta(days=30)


@pytest.mark.parametrize(("since", "until"), [(None, 2), (-1, -2)])
def test_a_window_that_is_empty_or_not_over_is_refused(stripe_stand_in: StandIn, since: int | None, until: int) -> None:
    now = dt.datetime.now(dt.UTC)
    with pytest.raises(Invalid):
        reconciliation.reconcile(since=since and now + dt.timedelta(days=since), until=now + dt.timedelta(days=until))
    assert not Reconciliation.objects.exists()


def test_a_fee_of_a_month_that_a_treasurer_booked_is_known_by_its_movement() -> None:
    host()
    holder_ = holder(Role.TREASURER)
    voucher = bank.book_processor_fees(
        actor=holder_, amount=Money(3_00, "USD"), on=clock.today(), bank_reference="txn_fee_1", reason="Radar, January"
    )
    entry = Entry.objects.get(pk=voucher.entry_id)
    line, other = (
        ProcessorLine(txn_id=name, kind="fee", amount=-3_00, fee=0, net=-3_00, currency="USD", created_at=clock.now(), read_at=clock.now())
        for name in ("txn_fee_1", "txn_fee_2")
    )
    assert [(it.txn_id, who, claim) for it, who, claim in claims.ask([line, other])] == [
        ("txn_fee_1", "monthly fees", reconciliation.Claim(entry.pk, -3_00, frozenset({holder_.pk})))
    ]
    assert monthly_fees.makers([entry.pk]) == {entry.pk: frozenset({holder_.pk})}
