"""The voucher pages: every kind has a form that writes it, one person books what a bank did, two decide the rest."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from typing import Any

import pytest
from django.urls import resolve, reverse

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Refused
from funding.funds import reserve, services
from funding.funds.entries import bank, deciding, matching, opening
from funding.funds.models import Fund, Voucher
from funding.funds.views.vouchers import PAPERS
from funding.ledger.models import Account, Transfer
from funding.ledger.services import Line
from funding.mail.models import Message
from funding.money import Money
from funding.people.models import User
from tests.funding import builders
from tests.funding.ledger import books
from tests.grants.builders import project

pytestmark = pytest.mark.django_db
Kind, State = Voucher.Kind, Voucher.State


def fund(slug: str, kind: str = Fund.Kind.GENERAL, currency: str = "USD", money: int = 100_00) -> Fund:
    made = services.open_fund(slug=slug, name=slug.capitalize(), kind=kind, purpose=f"For {slug}", currency=currency)
    books.contribute(made.account, money)
    return made


@pytest.fixture
def tove(db: None) -> User:
    builders.host()
    books.contribute(services.host_fund("USD").account, 500_00)
    reserve.reserve_fund("USD")
    builders.holder("treasurer", name="Tim Checker")
    return builders.holder("treasurer", name="Tove Maker")


def fields(kind: str, tove: User) -> dict[str, Any]:
    """What a treasurer types into the form of that kind."""
    today, common = clock.today().isoformat(), fund("common")
    fact = {"amount": "10.00", "currency": "USD", "on": today, "bank_reference": "B-1", "reason": "On the statement."}
    held = bank.book_receipt(actor=tove, amount=Money(50_00, "USD"), on=clock.today(), bank_reference="B-0", reason="Unknown.")
    pair = {"fund": str(common.pk), "taker": str(fund("other").pk), "amount": "10.00", "reason": "As agreed."}
    if kind in (Kind.RECEIPT, Kind.BANK_FEE, Kind.PROCESSOR_FEE):
        return fact
    if kind == Kind.TAX_PAID:
        asked = bank.ask_match(actor=tove, receipt=held, fund=common, payer="A", tax=Money(10_00, "USD"), reason="VAT.")
        deciding.approve(actor=User.objects.get(name="Tim Checker"), voucher=asked)
        return fact
    if kind == Kind.MATCHED:
        return {"held": str(held.pk), "payer": "Aldermoor", "fund": str(common.pk), "tax": "", "reason": "Their mail."}
    if kind == Kind.PAID_OFF:
        return {"held": str(held.pk), "on": today, "bank_reference": "B-2", "reason": "Sent back."}
    if kind == Kind.OPENING:
        return {"amount": "5.00", "currency": "USD", "place": "bank", "whose": "owed-tax", "on": today, "reason": "The old books."}
    if kind == Kind.CONVERSION:
        euros = fund("euros", currency="EUR")
        return {
            "fund": str(euros.pk), "amount": "10.00", "taker": str(common.pk), "into": "11.00", "on": today, "bank_reference": "FX",
            "reason": "Spot.",
        }  # fmt: skip
    if kind == Kind.WRONG_FUND:
        gift = Transfer.objects.get(credit_account=common.account_id)
        return {"entry": str(gift.entry_id), "wrong": str(common.pk), "fund": str(fund("other").pk), "reason": "They meant the other."}
    if kind in (Kind.BRIDGE, Kind.BRIDGE_REPAID):
        award = fund("award-alder", Fund.Kind.RESTRICTED)
        if kind == Kind.BRIDGE_REPAID:
            ahead = deciding.between.ask_bridge(actor=tove, fund=award, amount=Money(10_00, "USD"), reason="Ahead.")
            deciding.approve(actor=User.objects.get(name="Tim Checker"), voucher=ahead)
        return {"fund": str(award.pk), "amount": "10.00", "reason": "Costs first."}
    if kind == Kind.MATCHING_ENDED:
        asked = matching.ask(actor=tove, fund=common, taker=fund("spring", Fund.Kind.RESTRICTED), cap=Money(5_00, "USD"), reason="Doubled.")
        promise = deciding.approve(actor=User.objects.get(name="Tim Checker"), voucher=asked)
        return {"held": str(promise.pk), "reason": "The campaign is over."}
    return pair | ({"fund": str(fund("restricted", Fund.Kind.RESTRICTED).pk)} if kind == Kind.RELEASE else {})


@pytest.mark.parametrize("kind", list(PAPERS))
def test_every_kind_has_a_form_that_writes_it(kind: str, tove: User) -> None:
    typed, client = fields(kind, tove), builders.browser(tove)
    address = reverse("funds:voucher-new", args=[kind])
    assert client.get(address).status_code == 200
    answer = client.post(address, typed)
    assert answer.status_code == 302, answer.content.decode()
    made = Voucher.objects.filter(kind=kind).order_by("-pk")[0]
    assert (made.state, made.asked_by) == (State.BOOKED if kind in Voucher.FACTS else State.ASKED, tove)
    if made.state == State.ASKED:
        own = client.post(reverse("funds:voucher-approve", args=[made.pk]))
        assert (own.status_code, Voucher.objects.get(pk=made.pk).state) == (403, State.ASKED)
        tim = User.objects.get(name="Tim Checker")
        second = builders.browser(tim)
        assert made.reason in second.get(reverse("funds:voucher-approve", args=[made.pk])).content.decode()
        assert second.post(reverse("funds:voucher-approve", args=[made.pk])).status_code == 302
        assert Voucher.objects.get(pk=made.pk).state == State.BOOKED
    assert made.ref in client.get(reverse("funds:vouchers")).content.decode()


def test_every_kind_of_voucher_is_on_the_page() -> None:
    assert set(PAPERS) == set(Kind.values)
    assert Voucher.FACTS | set(deciding.LINES) == set(Kind.values)
    assert set(deciding.LINES) >= Voucher.DECIDED


@pytest.mark.parametrize("kind", [Kind.RELEASE, Kind.BRIDGE, Kind.WRONG_FUND])
def test_nothing_but_a_promise_is_kept_by_matching(kind: str, tove: User) -> None:
    builders.browser(tove).post(reverse("funds:voucher-new", args=[kind]), fields(kind, tove))
    other = Voucher.objects.filter(kind=kind).order_by("-pk")[0]
    deciding.approve(actor=User.objects.get(name="Tim Checker"), voucher=other)
    posted = Transfer.objects.count()
    assert builders.browser(tove).post(reverse("funds:voucher-match", args=[other.pk])).status_code == 409
    with pytest.raises(Conflict):
        matching.keep(actor=tove, promise=other)
    assert Transfer.objects.count() == posted


def test_an_inflow_is_put_into_its_right_fund_once(tove: User) -> None:
    typed = fields(Kind.WRONG_FUND, tove)
    tim, client = User.objects.get(name="Tim Checker"), builders.browser(tove)
    address = reverse("funds:voucher-new", args=[Kind.WRONG_FUND])
    client.post(address, typed)
    deciding.approve(actor=tim, voucher=Voucher.objects.get(kind=Kind.WRONG_FUND))
    assert client.post(address, typed | {"fund": str(fund("third").pk)}).status_code == 409
    assert Voucher.objects.filter(kind=Kind.WRONG_FUND).count() == 1


def test_whoever_may_agree_is_told_and_whoever_asked_hears_of_it(tove: User) -> None:
    asked = opening.ask(
        actor=tove, amount=Money(5_00, "USD"), on=clock.today(), place="bank", fund=services.host_fund("USD"), reason="The old books."
    )
    assert list(Message.objects.filter(kind="voucher_waits").values_list("to", flat=True)) == ["tim.checker@example.org"]
    deciding.withdraw(actor=User.objects.get(name="Tim Checker"), voucher=asked, reason="The figure is another.")
    mail = Message.objects.get(kind="voucher_decided")
    assert (mail.to, "The figure is another." in mail.body) == (tove.email, True)


def test_only_a_treasurer_writes_one_and_a_refusal_is_on_record(tove: User) -> None:
    stranger = builders.user("Somebody Else")
    with pytest.raises(Refused):
        bank.book_bank_fee(actor=stranger, amount=Money(1, "USD"), on=clock.today(), bank_reference="F-1", reason="Fee.")
    assert Record.objects.get(outcome=Record.REFUSED).act == "funds.book_bank_fee"
    assert not Voucher.objects.exists()


def test_the_page_asks_the_same_questions_for_one_voucher_and_for_many(tove: User, django_assert_max_num_queries: Any) -> None:
    for number in range(6):
        bank.book_receipt(actor=tove, amount=Money(1_00, "USD"), on=clock.today(), bank_reference=f"B-{number}", reason="Unknown.")
    client = builders.browser(tove)
    with django_assert_max_num_queries(25):
        client.get(reverse("funds:vouchers"))
    with django_assert_max_num_queries(25):
        client.get(reverse("funds:voucher-new", args=[Kind.MATCHED]))


def test_a_fee_above_what_is_there_is_a_slip_of_the_pen(tove: User) -> None:
    typed = {**fields(Kind.BANK_FEE, tove), "amount": "50.01"}
    answer = builders.browser(tove).post(reverse("funds:voucher-new", args=[Kind.BANK_FEE]), typed)
    assert (answer.status_code, "The books have $50.00 there." in answer.content.decode()) == (422, True)


def test_a_promise_is_kept_from_its_page(tove: User) -> None:
    giver, taker = fund("common"), fund("spring", Fund.Kind.RESTRICTED)
    asked = matching.ask(actor=tove, fund=giver, taker=taker, cap=Money(50_00, "USD"), reason="Alder doubles each gift.")
    promise = deciding.approve(actor=User.objects.get(name="Tim Checker"), voucher=asked)
    books.contribute(taker.account, 20_00)
    client = builders.browser(tove)
    assert "Match what came in" in client.get(reverse("funds:vouchers")).content.decode()
    assert client.post(reverse("funds:voucher-match", args=[promise.pk])).status_code == 302
    assert matching.left(promise) == Money(30_00, "USD")


@pytest.mark.parametrize("kind", sorted(set(PAPERS) - Voucher.FACTS))
def test_the_same_paper_is_written_once_for_every_kind(kind: str, tove: User) -> None:
    """Two presses of two forms: the second says the same again, and finds the first."""
    typed, client = fields(kind, tove), builders.browser(tove)
    address = reverse("funds:voucher-new", args=[kind])
    for _press in range(2):
        assert client.post(address, typed).status_code == 302
    made = Voucher.objects.get(kind=kind, state=State.ASKED)
    assert Message.objects.filter(kind="voucher_waits", key__startswith=f"voucher:{made.pk}:").count() == 1
    client.post(reverse("funds:voucher-withdraw", args=[made.pk]), {"reason": "Another day."})
    client.post(address, typed)
    assert Voucher.objects.filter(kind=kind, state=State.ASKED).exclude(pk=made.pk).count() == 1, "a withdrawn one frees its key"


def test_a_paper_that_is_booked_is_not_asked_for_again_and_the_page_says_so(tove: User) -> None:
    typed, client = fields(Kind.RELEASE, tove), builders.browser(tove)
    address = reverse("funds:voucher-new", args=[Kind.RELEASE])
    client.post(address, typed)
    made = deciding.approve(actor=User.objects.get(name="Tim Checker"), voucher=Voucher.objects.get(kind=Kind.RELEASE))
    assert f"{made.ref} says exactly this, and is booked already." in client.post(address, typed, follow=True).content.decode()
    client.post(address, typed | {"reason": "The second letter."})
    assert Voucher.objects.filter(kind=Kind.RELEASE).count() == 2


@pytest.mark.parametrize("kind", sorted(set(PAPERS) - Voucher.FACTS))
def test_a_decision_is_dated_on_its_own_day_and_a_fact_on_its_date(kind: str, tove: User) -> None:
    start = clock.now()
    builders.browser(tove).post(reverse("funds:voucher-new", args=[kind]), fields(kind, tove))
    asked = Voucher.objects.filter(kind=kind).order_by("-pk")[0]
    with clock.at(start + dt.timedelta(days=3)):
        tim, later = User.objects.get(name="Tim Checker"), clock.today()
        shown = builders.browser(tim).get(reverse("funds:voucher-approve", args=[asked.pk])).content.decode()
        done = deciding.approve(actor=tim, voucher=asked)
    day = later if kind in Voucher.DECIDED else start.date()
    assert done.effective_on == day
    assert done.entry is None or done.entry.effective_on == day
    assert f'datetime="{day.isoformat()}"' in shown


def test_whoever_agrees_reads_all_that_it_changes(tove: User) -> None:
    """Every account and sum, the day, who asked and who paid, the receipt's own words, and what restricts the fund."""
    quillon = project()
    spring = fund("spring", Fund.Kind.RESTRICTED)
    Fund.objects.filter(pk=spring.pk).update(project=quillon)
    got = bank.book_receipt(actor=tove, amount=Money(125_00, "USD"), on=clock.today(), bank_reference="SEPA 99", reason="No text on it.")
    asked = bank.ask_match(actor=tove, receipt=got, fund=spring, payer="Corvid Freight", tax=Money(25_00, "USD"), reason="INV-7.")
    books.post(Line(reserve.shortfall_account("USD"), books.fund("elsewhere"), 3_00, "cover"))
    page = builders.browser(User.objects.get(name="Tim Checker")).get(reverse("funds:voucher-approve", args=[asked.pk])).content.decode()
    text = unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)))
    for words in (
        "owed:receipts:USD", "clearing:USD", "owed:tax:USD", "Spring (fund:spring:USD)", "(fund:host-usd:USD)", "shortfall:USD",
        "$100.00", "$25.00", "$5.00", "$95.00", "$3.00", "Tove Maker", "Corvid Freight", "INV-7.", got.ref, "SEPA 99",
        "No text on it.", "Restricted: For spring", "for work on Quillon", "$100.00 available now", "the host is short of $3.00",
    ):  # fmt: skip
        assert words in text, words
    done = deciding.approve(actor=User.objects.get(name="Tim Checker"), voucher=asked)
    rows = done.entry.transfers.order_by("line").values_list("debit_account__code", "credit_account__code") if done.entry else []
    assert [(debit, credit) for debit, credit in rows] == [
        ("owed:receipts:USD", "clearing:USD"), ("owed:receipts:USD", "clearing:USD"), ("clearing:USD", "owed:tax:USD"),
        ("clearing:USD", "fund:host-usd:USD"), ("clearing:USD", "fund:spring:USD"), ("fund:host-usd:USD", "shortfall:USD"),
    ]  # fmt: skip


def test_a_page_that_shows_what_would_be_booked_opens_no_account(tove: User) -> None:
    asked = opening.ask(actor=tove, amount=Money(5_00, "USD"), on=clock.today(), place="bank", owed="tax", reason="The old books.")
    builders.browser(User.objects.get(name="Tim Checker")).get(reverse("funds:voucher-approve", args=[asked.pk]))
    assert not Account.objects.filter(code="owed:tax:USD").exists()


def test_the_page_says_what_stands_against_it(tove: User) -> None:
    taker = fund("other", Fund.Kind.RESTRICTED)
    asked = deciding.between.ask_release(
        actor=tove, fund=fund("spring", Fund.Kind.RESTRICTED), taker=taker, amount=Money(1_00, "USD"), reason="Their letter."
    )
    services.end_fund(taker)
    page = builders.browser(User.objects.get(name="Tim Checker")).get(reverse("funds:voucher-approve", args=[asked.pk])).content.decode()
    assert "Nobody can approve it now. What Other was opened for is over" in page


def test_nobody_agrees_whose_receipt_their_own_employers_money_is(tove: User) -> None:
    tim = User.objects.get(name="Tim Checker")
    builders.tie(tim, builders.organisation("Corvid Freight"))
    got = bank.book_receipt(actor=tove, amount=Money(125_00, "USD"), on=clock.today(), bank_reference="B-1", reason="A wire.")
    asked = bank.ask_match(actor=tove, receipt=got, fund=fund("spring"), payer="Corvid Freight", reason="INV-7.")
    with pytest.raises(Refused) as refused:
        deciding.approve(actor=tim, voucher=asked)
    assert refused.value.rule == "employer"
    page = builders.browser(tim).get(reverse("funds:voucher-approve", args=[asked.pk])).content.decode()
    assert "You cannot approve it. This would benefit Corvid Freight" in page


@pytest.mark.parametrize("name", ["move-ask", "move-recall"])
def test_whoever_asks_for_a_move_shows_a_factor_anew(name: str, tove: User) -> None:
    assert resolve(reverse(f"funds:{name}", args=[1] if name == "move-recall" else [])).func.view_class.fresh
