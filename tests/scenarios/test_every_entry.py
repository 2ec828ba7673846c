"""Every kind of entry that no longer story tells, one short story each: what happened, who booked it, and the lines in the books.

Tove asks and Tim agrees, where two people are needed. Sums are dollars unless a line says otherwise. `docs/ledger.md` has the table.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.funds import moves, provenance, reserve, sources
from funding.funds import services as funds
from funding.funds.entries import accounts, bank, between, converting, deciding, matching, opening, vouchers
from funding.funds.models import Fund, Voucher
from funding.ledger.models import Entry, Transfer
from funding.ledger.selectors import balances
from funding.ledger.services import Line
from funding.money import Money
from funding.payments import cash
from funding.people.models import User
from sponsors.refunds import taking
from sponsors.refunds.taking import Fact
from tests.funding import builders as people
from tests.funding.ledger import books as ledger
from tests.scenarios import books

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 10, 5, 12, tzinfo=dt.UTC)
DAY = NOON.date()
VISITOR = AnonymousUser()


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


class Office:
    """Two treasurers, a host with money of its own, a project's fund, a general one, and an award's."""

    def __init__(self) -> None:
        people.host()
        self.tove, self.tim = (people.holder("treasurer", name=name) for name in ("Tove Maker", "Tim Checker"))
        self.host, self.spare = funds.host_fund("USD"), reserve.reserve_fund("USD")
        self.quillon = self.fund("quillon", Fund.Kind.RESTRICTED)
        self.common = self.fund("common", Fund.Kind.GENERAL)
        self.award = self.fund("award-alder", Fund.Kind.RESTRICTED)

    def fund(self, slug: str, kind: str, currency: str = "USD") -> Fund:
        return funds.open_fund(slug=slug, name=slug.capitalize(), kind=kind, purpose=f"For {slug}", currency=currency)

    def agree(self, voucher: Voucher, by: User | None = None) -> Voucher:
        return deciding.approve(actor=by or self.tim, voucher=voucher)

    def receipt(self, amount: str, reference: str = "B-1") -> Voucher:
        return bank.book_receipt(actor=self.tove, amount=usd(amount), on=DAY, bank_reference=reference, reason="SEPA, no text.")


@pytest.fixture
def office(db: None) -> Any:
    with clock.at(NOON):
        yield Office()
        print(books.journal())
        assert "The books hold" in books.verified()


def lines(entry: Entry | None) -> list[tuple[str, str, str, str]]:
    """Kind, debit, credit, sum: as an accountant reads the entry."""
    assert entry is not None
    rows = entry.transfers.select_related("debit_account", "credit_account").order_by("line")
    return [(row.kind, row.debit_account.code, row.credit_account.code, row.money.figures) for row in rows]


def has(fund: Fund) -> str:
    return vouchers.available(fund).figures


def holds(code: str) -> str:
    account = ledger.account(code, code.partition(":")[0], code.rpartition(":")[2])
    return balances([account])[account.pk].amount.figures


def payers(outflow: Transfer) -> list[tuple[str, str]]:
    found = provenance.origins([outflow.pk])[outflow.pk]
    labels = sources.describe([share.about for share in found if share.about], VISITOR)
    return [(labels[share.about].text if share.about else "nobody", Money(share.amount, outflow.currency).figures) for share in found]


def test_a_receipt_that_nobody_knows_is_matched_later_with_its_tax(office: Office) -> None:
    got = office.receipt("1250.00")
    assert lines(got.entry) == [("receipt", "cash:bank:USD", "owed:receipts:USD", "1,250.00")]
    assert office.receipt("1250.00") == got, "the same line of the statement is booked once"
    with pytest.raises(Conflict):
        office.receipt("1200.00")
    asked = bank.ask_match(
        actor=office.tove, receipt=got, fund=office.quillon, payer="Corvid Freight", tax=usd("250.00"), reason="INV-7, 25 % VAT."
    )
    with pytest.raises(Refused) as own:
        office.agree(asked, by=office.tove)
    assert own.value.rule == "prepared"
    with pytest.raises(Conflict):
        bank.ask_match(actor=office.tim, receipt=got, fund=office.common, payer="Somebody", reason="A guess.")
    assert lines(office.agree(asked).entry) == [
        ("contribution", "owed:receipts:USD", "clearing:USD", "1,000.00"),
        ("tax_collected", "owed:receipts:USD", "clearing:USD", "250.00"),
        ("tax_collected", "clearing:USD", "owed:tax:USD", "250.00"),
        ("host_fee", "clearing:USD", "fund:host-usd:USD", "50.00"),
        ("allocation", "clearing:USD", "fund:quillon:USD", "950.00"),
    ]
    assert (holds("owed:receipts:USD"), holds("cash:bank:USD")) == ("0.00", "1,250.00")
    work = ledger.pay_out(office.quillon.account, 950_00)
    assert payers(work) == [("Unnamed, by bank transfer", "950.00")], "who paid is for the desk"
    assert Record.objects.filter(act="funds.approve_voucher", outcome=Record.REFUSED).exists()


def test_a_receipt_that_was_not_for_us_goes_back(office: Office) -> None:
    got = office.receipt("80.00")
    sent = bank.book_paid_off(actor=office.tove, held=got, on=DAY, bank_reference="B-2", reason="They asked for it back.")
    assert lines(sent.entry) == [("paid_off", "owed:receipts:USD", "cash:bank:USD", "80.00")]
    with pytest.raises(Conflict):
        bank.ask_match(actor=office.tove, receipt=got, fund=office.common, payer="Too Late", reason="Found them.")


def test_tax_leaves_for_its_authority_the_oldest_first(office: Office) -> None:
    for number, tax in (("B-1", "10.00"), ("B-2", "20.00")):
        asked = bank.ask_match(
            actor=office.tove, receipt=office.receipt("100.00", number), fund=office.common, payer="A", tax=usd(tax), reason="VAT."
        )
        office.agree(asked)
    with pytest.raises(Invalid, match=r"30\.00"):
        bank.book_tax_paid(actor=office.tove, amount=usd("31.00"), on=DAY, bank_reference="T-0", reason="Third quarter.")
    paid = bank.book_tax_paid(actor=office.tove, amount=usd("25.00"), on=DAY, bank_reference="T-1", reason="Third quarter.")
    assert lines(paid.entry) == [
        ("tax_paid", "owed:tax:USD", "cash:bank:USD", "10.00"),
        ("tax_paid", "owed:tax:USD", "cash:bank:USD", "15.00"),
    ]
    assert holds("owed:tax:USD") == "5.00"


def test_a_bank_fee_is_the_hosts_and_never_refused(office: Office) -> None:
    ledger.contribute(office.host.account, 4_00)
    fee = bank.book_bank_fee(actor=office.tove, amount=usd("7.50"), on=DAY, bank_reference="F-1", reason="Account fee, September.")
    assert lines(fee.entry) == [
        ("bank_fee", "fund:host-usd:USD", "cash:bank:USD", "4.00"),
        ("bank_fee", "shortfall:USD", "cash:bank:USD", "3.50"),
    ]
    assert reserve.shortfall("USD") == usd("3.50")


def test_a_months_blended_fee_leaves_every_gift_as_it_was(office: Office) -> None:
    ledger.contribute(office.host.account, 40_00)
    gift = ledger.contribute(office.quillon.account, 91_80)
    fee = bank.book_processor_fees(actor=office.tove, amount=usd("12.40"), on=DAY, bank_reference="txn_9", reason="Billing, September.")
    assert lines(fee.entry) == [("processor_fees", "fund:host-usd:USD", "cash:stripe:USD", "12.40")]
    assert (has(office.quillon), gift.amount) == ("91.80", 91_80)
    assert accounts.cash(Voucher.Place.PROCESSOR, "USD") == cash.account("USD")
    assert accounts.bank("USD") == cash.bank("USD")


def test_opening_balances_stand_in_nobodys_name(office: Office) -> None:
    place = Voucher.Place
    asked = [
        opening.ask(actor=office.tove, amount=usd("900.00"), on=DAY, place=place.BANK, fund=office.common, reason="Old books, p. 3."),
        opening.ask(actor=office.tove, amount=usd("60.00"), on=DAY, place=place.PROCESSOR, owed="payouts", reason="Wren, August."),
        opening.ask(actor=office.tove, amount=usd("40.00"), on=DAY, place=place.BANK, owed="tax", reason="VAT, second quarter."),
    ]
    booked = [office.agree(voucher) for voucher in asked]
    assert [line for voucher in booked for line in lines(voucher.entry)] == [
        ("opening", "cash:bank:USD", "fund:common:USD", "900.00"),
        ("opening", "cash:stripe:USD", "owed:payouts:USD", "60.00"),
        ("opening", "cash:bank:USD", "owed:tax:USD", "40.00"),
    ]
    assert payers(ledger.pay_out(office.common.account, 100_00)) == [("Brought forward", "100.00")]
    done = bank.book_paid_off(actor=office.tove, held=booked[1], on=DAY, bank_reference="B-9", reason="Paid to Wren.")
    assert lines(done.entry) == [("paid_off", "owed:payouts:USD", "cash:bank:USD", "60.00")]
    with pytest.raises(Invalid):
        opening.ask(actor=office.tove, amount=usd("1.00"), on=DAY, place=place.BANK, reason="Whose?")


def test_euros_that_became_dollars_are_still_their_givers(office: Office) -> None:
    euros = office.fund("common-eur", Fund.Kind.GENERAL, "EUR")
    gifts = [ledger.contribute(euros.account, amount) for amount in (33_33, 66_67)]
    ledger.contribute(office.common.account, 10_00)
    asked = converting.ask(
        actor=office.tove, fund=euros, taker=office.common, amount=eur("100.00"), into=usd("108.37"), on=DAY, bank_reference="FX-1",
        reason="Spot, for October's run.",
    )  # fmt: skip
    assert asked.rate == Decimal("1.0837")
    done = office.agree(asked)
    out = Transfer.objects.get(entry__reference=f"{done.ref}:out")
    assert lines(out.entry) == [("conversion", "fund:common-eur:EUR", "cash:bank:EUR", "100.00")]
    assert lines(done.entry) == [("conversion", "cash:bank:USD", "fund:common:USD", "108.37")]
    work = ledger.pay_out(office.common.account, 118_37)
    shares = provenance.origins([work.pk])[work.pk]
    # floor(3333 × 10837 ÷ 10000) = 3611: the first giver's part in cents; the second has the rest, and no cent is lost.
    assert [(share.transfer.pk, share.amount) for share in shares[1:]] == [(gifts[0].pk, 36_11), (gifts[1].pk, 72_26)]
    assert sum(share.amount for share in shares) == work.amount
    found = provenance.destinations([gifts[0].pk])[gifts[0].pk]
    assert [(share.transfer.pk, share.amount) for share in found] == [(out.pk, 33_33)], "forwards the euros end at the conversion"


def test_a_gift_in_the_wrong_fund_is_put_into_the_right_one(office: Office) -> None:
    ledger.contribute(office.spare.account, 50_00)
    gift = allocated(office.common, 100_00)
    ledger.pay_out(office.common.account, 30_00)
    with pytest.raises(Invalid):
        between.ask_right_fund(actor=office.tove, line=gift, fund=office.common, reason="The same fund.")
    asked = between.ask_right_fund(actor=office.tove, line=gift, fund=office.quillon, reason="They meant Quillon.")
    assert lines(office.agree(asked).entry) == [
        ("wrong_fund", "fund:common:USD", "fund:quillon:USD", "70.00"),
        ("made_up", "fund:reserve-usd:USD", "fund:quillon:USD", "30.00"),
    ]
    assert (has(office.quillon), has(office.common), has(office.spare)) == ("100.00", "0.00", "20.00")
    work = ledger.pay_out(office.quillon.account, 70_00)
    assert [share.transfer.pk for share in provenance.origins([work.pk])[work.pk]] == [gift.pk], "it is still the same giver's"


def test_a_wrong_fund_that_spent_more_than_the_reserve_has_is_not_corrected(office: Office) -> None:
    gift = allocated(office.common, 100_00)
    ledger.pay_out(office.common.account, 30_00)
    asked = between.ask_right_fund(actor=office.tove, line=gift, fund=office.quillon, reason="They meant Quillon.")
    with pytest.raises(Refused, match=r"30\.00") as refused:
        office.agree(asked)
    assert refused.value.rule == "spent"
    deciding.withdraw(actor=office.tove, voucher=asked, reason="We ask the giver.")
    again = between.ask_right_fund(actor=office.tove, line=gift, fund=office.quillon, reason="The reserve is filled.")
    ledger.contribute(office.spare.account, 30_00)
    assert office.agree(again).state == Voucher.State.BOOKED


def test_a_restriction_is_released_by_two_people(office: Office) -> None:
    gift = ledger.contribute(office.quillon.account, 90_00)
    with pytest.raises(Refused):
        moves.ask(actor=office.tove, giver=office.quillon, taker=office.common, amount=usd("90.00"), reason="A plain move may not.")
    asked = between.ask_release(
        actor=office.tove, fund=office.quillon, taker=office.common, amount=usd("40.00"), reason="Letter of 1 October: any project."
    )
    assert lines(office.agree(asked).entry) == [("release", "fund:quillon:USD", "fund:common:USD", "40.00")]
    work = ledger.pay_out(office.common.account, 40_00)
    assert [share.transfer.pk for share in provenance.origins([work.pk])[work.pk]] == [gift.pk]
    with pytest.raises(Refused, match="not restricted"):
        between.ask_release(actor=office.tove, fund=office.common, taker=office.quillon, amount=usd("1.00"), reason="Nothing to lift.")


def test_the_host_pays_ahead_for_an_award_and_has_it_back(office: Office) -> None:
    own = ledger.contribute(office.host.account, 500_00)
    ahead = office.agree(between.ask_bridge(actor=office.tove, fund=office.award, amount=usd("300.00"), reason="Costs first, then claims."))
    assert lines(ahead.entry) == [("bridge", "fund:host-usd:USD", "fund:award-alder:USD", "300.00")]
    work = ledger.pay_out(office.award.account, 300_00)
    assert [share.transfer.pk for share in provenance.origins([work.pk])[work.pk]] == [own.pk]
    ledger.post(Line(cash.bank("USD"), office.award.account, 300_00, "award_received"))
    with pytest.raises(Invalid, match=r"300\.00"):
        between.ask_bridge_repaid(actor=office.tove, fund=office.award, amount=usd("301.00"), reason="Too much.")
    asked = between.ask_bridge_repaid(actor=office.tove, fund=office.award, amount=usd("300.00"), reason="The claim was paid.")
    assert lines(office.agree(asked).entry) == [("bridge_repaid", "fund:award-alder:USD", "fund:host-usd:USD", "300.00")]
    assert (has(office.host), between.advanced(office.award)) == ("500.00", usd("0.00"))


def test_a_promise_to_match_holds_its_cap_and_releases_what_a_refund_leaves(office: Office) -> None:
    ledger.contribute(office.common.account, 100_00)
    goal = office.fund("spring", Fund.Kind.RESTRICTED)
    asked = matching.ask(actor=office.tove, fund=office.common, taker=goal, cap=usd("100.00"), reason="Alder doubles each gift.")
    promise = office.agree(asked)
    assert has(office.common) == "0.00", "the cap is held from the first day"
    first = allocated(goal, 60_00)
    allocated(goal, 60_00)
    assert matching.keep(actor=office.tove, promise=promise) == 2
    assert matching.keep(actor=office.tove, promise=promise) == 0, "each gift is matched once"
    drawn = Entry.objects.filter(kind="match").order_by("number")
    assert [lines(entry) for entry in drawn] == [
        [("match", "fund:common:USD", "fund:spring:USD", "60.00")],
        [("match", "fund:common:USD", "fund:spring:USD", "40.00")],
    ]
    refund(first, 60_00)
    assert matching.keep(actor=office.tove, promise=promise) == 1, "the match of the first is released; the second is matched already"
    back = Entry.objects.get(kind="match_released")
    assert lines(back) == [("match_released", "fund:spring:USD", "fund:common:USD", "60.00")]
    assert matching.left(promise) == usd("60.00")
    assert has(office.common) == "0.00", "what came back is held again"
    allocated(goal, 10_00)
    assert matching.keep(actor=office.tove, promise=promise) == 1, "a later gift is matched out of it"
    assert matching.left(promise) == usd("50.00")


def test_gifts_are_matched_in_one_call_however_many_there_are(office: Office) -> None:
    ledger.contribute(office.common.account, 100_00)
    goal = office.fund("spring", Fund.Kind.RESTRICTED)
    promise = office.agree(matching.ask(actor=office.tove, fund=office.common, taker=goal, cap=usd("100.00"), reason="Doubles each."))
    for amount in (30_00, 60_00, 20_00, 5_00):
        allocated(goal, amount)
    with CaptureQueriesContext(connection) as queries:
        assert matching.keep(actor=office.tove, promise=promise) == 3, "the cap ends in the third; the fourth finds nothing"
    assert sum("ledger_post" in query["sql"] for query in queries) == 1
    assert [row.amount for row in promise.matches.order_by("pk")] == [30_00, 60_00, 10_00]
    assert (matching.left(promise), matching.keep(actor=office.tove, promise=promise)) == (usd("0.00"), 0)


def test_a_match_that_was_spent_stays_when_its_gift_goes_back(office: Office) -> None:
    ledger.contribute(office.common.account, 50_00)
    ledger.contribute(office.spare.account, 50_00)
    goal = office.fund("spring", Fund.Kind.RESTRICTED)
    asked = matching.ask(actor=office.tove, fund=office.common, taker=goal, cap=usd("50.00"), reason="Alder doubles each gift.")
    promise = office.agree(asked)
    gift = allocated(goal, 50_00)
    matching.keep(actor=office.tove, promise=promise)
    ledger.pay_out(goal.account, 80_00)
    refund(gift, 50_00)
    matching.keep(actor=office.tove, promise=promise)
    released = Transfer.objects.filter(kind="match_released")
    assert sum(row.amount for row in released) <= 20_00
    assert int(vouchers.available(goal).amount) >= 0


def test_what_was_moved_is_called_back_as_far_as_it_is_unspent(office: Office) -> None:
    other, gift = ledger.contribute(office.quillon.account, 10_00), ledger.contribute(office.common.account, 90_00)
    moved = moves.ask(actor=office.tove, giver=office.common, taker=office.quillon, amount=usd("90.00"), reason="For the call.")
    moves.approve(actor=office.tim, move=moved)
    ledger.pay_out(office.quillon.account, 5_00)
    moved.refresh_from_db()
    with pytest.raises(Invalid, match=r"90\.00"):
        moves.ask_recall(actor=office.tove, move=moved, amount=usd("91.00"), reason="The call is off.")
    recall = moves.ask_recall(actor=office.tove, move=moved, amount=usd("60.00"), reason="The call is off.")
    with pytest.raises(Refused):
        moves.approve(actor=office.tove, move=recall)
    done = moves.approve(actor=office.tim, move=recall)
    assert lines(done.entry) == [("recall", "fund:quillon:USD", "fund:common:USD", "60.00")]
    work = ledger.pay_out(office.common.account, 60_00)
    assert [share.transfer.pk for share in provenance.origins([work.pk])[work.pk]] == [gift.pk]
    rest = ledger.pay_out(office.quillon.account, 35_00)
    assert [share.transfer.pk for share in provenance.origins([rest.pk])[rest.pk]] == [other.pk, gift.pk], "nobody else's money went"


def allocated(fund: Fund, amount: int) -> Transfer:
    """A gift that came from outside, as a payment posts it."""
    entry = ledger.post(
        Line(ledger.cash(fund.currency), ledger.clearing(fund.currency), amount, "contribution"),
        Line(ledger.clearing(fund.currency), fund.account, amount, "allocation"),
        kind="contribution",
    )
    return entry.transfers.get(line=2)


def refund(gift: Transfer, amount: int) -> None:
    fact = Fact("refund_owed", "test", f"refund-{gift.pk}", DAY, ("refund", 1))
    taking.take(contribution=gift.entry, amount=amount, holding=ledger.account("owed:refunds:USD", "owed"), fact=fact)
