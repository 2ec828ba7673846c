"""A promise to match: which funds may take one, gifts that are no gifts any more, a bounded press, and its end by two people."""

from __future__ import annotations

import datetime as dt
import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from funding import clock
from funding.errors import Conflict, Refused
from funding.funds import reserve, services
from funding.funds.entries import between, deciding, matching
from funding.funds.models import Carried, Fund, Voucher
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import Reservation
from funding.money import Money
from tests.funding import builders
from tests.funding.ledger import books
from tests.grants.builders import project
from tests.scenarios.test_every_entry import allocated, refund

pytestmark = pytest.mark.django_db
Kind, State = Voucher.Kind, Voucher.State


def usd(amount: int) -> Money:
    return Money(amount, "USD")


class Promised:
    """Common doubles what comes to Spring, up to 100."""

    def __init__(self) -> None:
        builders.host()
        self.tove, self.tim = (builders.holder("treasurer", name=name) for name in ("Tove Maker", "Tim Checker"))
        self.spare = reserve.reserve_fund("USD")
        self.giver = self.fund("common", Fund.Kind.GENERAL)
        self.taker = self.fund("spring", Fund.Kind.RESTRICTED)
        books.contribute(self.giver.account, 100)
        self.promise = self.agree(self.ask())

    def fund(self, slug: str, kind: str) -> Fund:
        return services.open_fund(slug=slug, name=slug.title(), kind=kind, purpose=f"For {slug}", currency="USD")

    def ask(self, cap: int = 100, taker: Fund | None = None) -> Voucher:
        return matching.ask(actor=self.tove, fund=self.giver, taker=taker or self.taker, cap=usd(cap), reason="Alder doubles each gift.")

    def agree(self, voucher: Voucher) -> Voucher:
        return deciding.approve(actor=self.tim, voucher=voucher)

    def keep(self) -> int:
        return matching.keep(actor=self.tove, promise=self.promise)

    def ask_end(self) -> Voucher:
        return matching.ask_end(actor=self.tove, held=self.promise, reason="The campaign is over.")

    @property
    def behind(self) -> bool:
        return matching.behind(Voucher.objects.get(pk=self.promise.pk))

    @property
    def left(self) -> int:
        return int(matching.left(Voucher.objects.get(pk=self.promise.pk)).amount)


@pytest.fixture
def it(db: None) -> Any:
    yield Promised()
    assert [problem for result in checks.run() for problem in result.problems] == []


def has(fund: Fund) -> int:
    return int(books.fresh(fund.account).available.amount)


def matched(it: Promised) -> list[tuple[int, int]]:
    return list(it.promise.matches.order_by("pk").values_list("amount", "released"))


def restrict(fund: Fund, rule: str) -> None:
    if rule == "line":
        fund.lines.create(name="Developers", amount=900, position=1)
    elif rule == "period":
        Fund.objects.filter(pk=fund.pk).update(ends_on=dt.date(2030, 1, 1))
    else:
        services.end_fund(fund)


@pytest.mark.parametrize("rule", ["line", "period", "ended"])
def test_a_fund_that_takes_nobody_elses_money_takes_no_match(rule: str, it: Promised) -> None:
    books.contribute(it.giver.account, 50)
    asked = it.ask(50, it.fund("harvest", Fund.Kind.RESTRICTED))
    assert asked.taker is not None
    restrict(asked.taker, rule)
    with pytest.raises(Refused):
        it.agree(asked)
    with pytest.raises(Refused):
        it.ask(40, Fund.objects.get(pk=asked.taker_id))


@pytest.mark.parametrize("rule", ["line", "period", "ended"])
def test_what_restricts_the_fund_later_stops_the_matching_and_not_the_returns(rule: str, it: Promised) -> None:
    gift = allocated(it.taker, 30)
    assert it.keep() == 1
    restrict(it.taker, rule)
    refund(gift, 30)
    allocated(it.taker, 20)
    assert it.keep() == 1, "the match of the first goes back"
    assert (matched(it), it.left) == ([(30, 30)], 100)
    assert matching.hindrance(Voucher.objects.get(pk=it.promise.pk)) != ""
    Fund.objects.filter(pk=it.taker.pk).update(ended_at=None)


def test_a_promise_may_be_made_to_a_goal_that_is_not_met_yet(it: Promised) -> None:
    books.contribute(it.giver.account, 50)
    goal = services.open_fund(
        slug="goal-spring", name="Spring", kind=Fund.Kind.RESTRICTED, purpose="For spring", currency="USD", project=project()
    )
    assert it.agree(it.ask(50, goal)).state == State.BOOKED


def test_a_gift_that_was_booked_to_the_wrong_fund_is_matched_no_more(it: Promised) -> None:
    gift = allocated(it.taker, 30)
    it.keep()
    asked = between.ask_right_fund(actor=it.tove, line=gift, fund=it.fund("quillon", Fund.Kind.RESTRICTED), reason="They meant Quillon.")
    it.agree(asked)
    assert it.keep() == 1
    assert (matched(it), has(it.taker), it.left) == ([(30, 30)], 0, 100)


def test_one_that_was_spent_and_made_up_for_elsewhere_leaves_what_is_unspent_of_its_match(it: Promised) -> None:
    books.contribute(it.spare.account, 100)
    gift = allocated(it.taker, 30)
    it.keep()
    books.pay_out(books.fresh(it.taker.account), 40)
    it.agree(between.ask_right_fund(actor=it.tove, line=gift, fund=it.fund("quillon", Fund.Kind.RESTRICTED), reason="For Quillon."))
    it.keep()
    assert (matched(it), has(it.taker), it.left) == ([(30, 20)], 0, 90)


def test_a_gift_that_was_corrected_or_refunded_before_the_press_is_not_matched(it: Promised) -> None:
    first, second, third = (allocated(it.taker, amount) for amount in (30, 20, 10))
    it.agree(between.ask_right_fund(actor=it.tove, line=first, fund=it.fund("quillon", Fund.Kind.RESTRICTED), reason="For Quillon."))
    refund(second, 5)
    ledger.reverse(entry=third.entry, at=clock.now(), effective_on=clock.today())
    assert it.keep() == 1
    assert matched(it) == [(15, 0)]


def test_a_gift_whose_entry_is_mirrored_is_matched_no_more_and_its_next_revision_is(it: Promised) -> None:
    gift = allocated(it.taker, 30)
    it.keep()
    ledger.reverse(entry=gift.entry, at=clock.now(), effective_on=clock.today())
    allocated(it.taker, 25)
    it.keep()
    assert matched(it) == [(30, 30), (25, 0)]


def test_a_match_that_is_promised_to_work_stays_as_far_as_it_is_promised(it: Promised) -> None:
    gift = allocated(it.taker, 30)
    it.keep()
    books.reserve(it.taker.account, 20)
    refund(gift, 30)
    it.keep()
    assert (matched(it), has(it.taker), it.left) == ([(30, 10)], 0, 80)


def dues(it: Promised) -> list[int]:
    return list(it.promise.matches.order_by("pk").values_list("due", flat=True))


def let_go(held: Reservation, amount: int) -> None:
    ledger.release(reservation=held, amount=amount, key=f"over:{held.pk}", at=clock.now())


def test_what_was_promised_to_work_is_released_once_the_work_ends(it: Promised) -> None:
    books.contribute(it.spare.account, 100)
    gift = allocated(it.taker, 100)
    it.keep()
    work = books.reserve(it.taker.account, 200)
    books.pay_out(books.fresh(it.taker.account), 100, work)
    refund(gift, 100)
    assert Carried.objects.filter(inflow=gift).exists()
    assert (it.keep(), it.behind, dues(it)) == (0, False, [100]), "nothing of it is free"
    let_go(work, 100)
    assert it.behind
    assert (it.keep(), it.behind, dues(it)) == (1, False, [0])
    assert (matched(it), has(it.taker), it.left) == ([(100, 100)], 0, 100)


def test_what_was_promised_to_work_is_released_part_by_part_also_after_the_end(it: Promised) -> None:
    gift = allocated(it.taker, 30)
    it.keep()
    first, second = books.reserve(it.taker.account, 15), books.reserve(it.taker.account, 5)
    refund(gift, 30)
    it.agree(it.ask_end())
    assert (matched(it), dues(it)) == ([(30, 10)], [20])
    for work, part in [(first, 15), (second, 5)]:
        let_go(work, part)
        assert (it.behind, it.keep(), it.behind) == (True, 1, False)
    assert (matched(it), dues(it), has(it.giver)) == ([(30, 30)], [0], 100)


def test_what_was_spent_of_it_is_waited_for_no_more(it: Promised) -> None:
    gift = allocated(it.taker, 30)
    it.keep()
    work = books.reserve(it.taker.account, 20)
    refund(gift, 30)
    it.keep()
    assert dues(it) == [20]
    books.pay_out(books.fresh(it.taker.account), 20, work)
    allocated(it.taker, 7)
    it.keep()
    assert (matched(it), dues(it), it.behind) == ([(30, 10), (7, 0)], [0, 0], False)


def test_a_promise_is_locked_before_the_books_by_whoever_keeps_or_ends_it(it: Promised) -> None:
    asked = it.ask_end()
    for act in (it.keep, lambda: it.agree(asked)):
        with CaptureQueriesContext(connection) as seen:
            act()
        said = [query["sql"] for query in seen]
        locks = [number for number, sql in enumerate(said) if "FOR UPDATE" in sql and f'"funds_voucher"."id" = {it.promise.pk} ' in sql]
        holds = [number for number, sql in enumerate(said) if "ledger_hold" in sql]
        assert locks[0] < holds[0]


def test_an_old_promise_goes_on_from_its_last_match(it: Promised) -> None:
    books.contribute(it.giver.account, 50)
    fresh = it.agree(it.ask(50, it.fund("quillon", Fund.Kind.RESTRICTED)))
    before, *gifts = (allocated(it.taker, 10) for _ in range(3))
    it.keep()
    Voucher.objects.filter(kind=Kind.MATCHING).update(line=before, gifts_to=None, returns_to=None)
    place = importlib.import_module("funding.funds.migrations.0016_promises_keep_their_place")
    place.keep(apps, SimpleNamespace(connection=connection))
    it.promise.refresh_from_db()
    last = it.promise.matches.get(line=gifts[-1]).entry
    assert (it.promise.gifts_to, it.promise.line, it.promise.returns_to) == (before, None, last.transfers.get(line=1))
    fresh.refresh_from_db()
    assert (fresh.gifts_to, fresh.returns_to) == (before, before), "nothing is matched yet"


def test_what_an_old_promise_may_not_have_released_is_looked_at_again(it: Promised) -> None:
    books.contribute(it.spare.account, 100)
    carried, pinned, moved, _kept = (allocated(it.taker, 10) for _ in range(4))
    it.keep()
    books.pay_out(books.fresh(it.taker.account), 10)
    refund(pinned, 10)
    it.agree(between.ask_right_fund(actor=it.tove, line=moved, fund=it.fund("quillon", Fund.Kind.RESTRICTED), reason="For Quillon."))
    refund(carried, 10)
    seed = importlib.import_module("funding.funds.migrations.0017_matches_wait")
    seed.seed(apps, SimpleNamespace(connection=connection))
    assert dues(it) == [10, 10, 10, 0]


def test_a_press_looks_at_so_many_gifts_and_goes_on_with_the_next_one(it: Promised, monkeypatch: Any) -> None:
    monkeypatch.setattr(matching, "AT_ONCE", 2)
    gifts = [allocated(it.taker, 10) for _ in range(5)]
    assert [it.keep(), matching.behind(it.promise), it.keep(), it.keep(), it.keep(), matching.behind(it.promise)] == [
        2,
        True,
        2,
        1,
        0,
        False,
    ]
    for gift in gifts[:3]:
        refund(gift, 10)
    assert [it.keep(), it.behind, it.keep(), it.keep(), it.behind] == [2, True, 1, 0, False]
    assert it.left == 80


def test_keeping_asks_no_more_of_many_old_gifts_than_of_few(it: Promised, django_assert_max_num_queries: Any) -> None:
    for _ in range(12):
        allocated(it.taker, 2)
    it.keep()
    with django_assert_max_num_queries(30):
        it.keep()


def test_what_comes_while_nothing_is_left_is_matched_once_something_came_back(it: Promised) -> None:
    first, _second = allocated(it.taker, 100), allocated(it.taker, 40)
    assert it.keep() == 1
    assert not it.behind, "nothing is left to match it with"
    refund(first, 60)
    assert it.keep() == 2
    assert (matched(it), it.left) == ([(100, 60), (40, 0)], 20)


def test_two_people_end_a_promise_and_the_rest_is_free(it: Promised) -> None:
    allocated(it.taker, 30)
    asked = it.ask_end()
    assert it.ask_end() == asked, "the same paper"
    with pytest.raises(Refused) as own:
        deciding.approve(actor=it.tove, voucher=asked)
    assert (own.value.rule, has(it.giver)) == ("prepared", 0)
    done = it.agree(asked)
    assert (done.state, done.of) == (State.BOOKED, it.promise)
    assert (matched(it), it.left, has(it.giver)) == ([(30, 0)], 0, 70), "what came until then is matched"
    allocated(it.taker, 20)
    assert it.keep() == 0
    with pytest.raises(Conflict):
        it.ask_end()


def test_a_gift_that_goes_back_after_the_end_releases_its_match_for_good(it: Promised) -> None:
    gift = allocated(it.taker, 30)
    it.agree(it.ask_end())
    refund(gift, 30)
    assert it.keep() == 1
    assert (it.left, has(it.giver), has(it.taker)) == (0, 100, 0)


def test_a_promise_is_not_ended_over_gifts_that_wait(it: Promised, monkeypatch: Any) -> None:
    monkeypatch.setattr(matching, "AT_ONCE", 2)
    for _ in range(5):
        allocated(it.taker, 10)
    asked = it.ask_end()
    with pytest.raises(Conflict):
        it.agree(asked)
    assert matched(it) == []
    assert [it.keep(), it.keep()] == [2, 2]
    it.agree(asked)
    assert (len(matched(it)), has(it.giver)) == (5, 50)


def test_a_promise_to_a_fund_that_is_over_can_still_be_ended(it: Promised) -> None:
    allocated(it.taker, 30)
    services.end_fund(it.taker)
    it.agree(it.ask_end())
    assert (matched(it), has(it.giver)) == ([], 100)


def test_only_a_running_promise_ends(it: Promised) -> None:
    books.contribute(it.giver.account, 50)
    with pytest.raises(Conflict):
        matching.ask_end(actor=it.tove, held=it.ask(50), reason="Not agreed to yet.")


def test_the_desk_ends_it_and_says_what_a_press_did(it: Promised, monkeypatch: Any) -> None:
    monkeypatch.setattr(matching, "AT_ONCE", 1)
    allocated(it.taker, 10), allocated(it.taker, 10)
    client, second = builders.browser(it.tove), builders.browser(it.tim)
    address = f"/desk/vouchers/{it.promise.pk}/match/"
    assert "More came in than is looked at in one press" in client.post(address, follow=True).content.decode()
    assert "Every gift up to now is matched." in client.post(address, follow=True).content.decode()
    page = client.get("/desk/vouchers/").content.decode()
    assert f"/desk/vouchers/new/matching_ended/?held={it.promise.pk}" in page
    form = client.get(f"/desk/vouchers/new/matching_ended/?held={it.promise.pk}").content.decode()
    assert f'value="{it.promise.pk}" selected' in form
    client.post("/desk/vouchers/new/matching_ended/", {"held": str(it.promise.pk), "reason": "The campaign is over."})
    ending = Voucher.objects.get(kind=Kind.MATCHING_ENDED)
    shown = second.get(f"/desk/vouchers/{ending.pk}/approve/").content.decode()
    assert "$0.80" in shown
    assert second.post(f"/desk/vouchers/{ending.pk}/approve/").status_code == 302
    assert has(it.giver) == 80
    restricted = client.get(address).content.decode()
    assert "It was ended" in restricted


def test_the_page_says_why_gifts_are_not_matched(it: Promised) -> None:
    services.end_fund(it.taker)
    page = builders.browser(it.tove).get(f"/desk/vouchers/{it.promise.pk}/match/").content.decode()
    assert "is over, so no money goes into it" in page
