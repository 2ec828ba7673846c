"""Restricted money goes to its projects, lines and period, or the refusal says which rule; what a line has is read from the ledger."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, transaction

from funding import clock
from funding.errors import Refused
from funding.funds import restrictions
from funding.funds import services as funds
from funding.funds.models import BudgetLine, Fund, LineReservation
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import Reservation
from funding.ledger.services import Line
from funding.money import Money
from tests.grants.builders import general_fund, project, put_money

pytestmark = pytest.mark.django_db
START, END, CLOSEOUT = dt.date(2026, 3, 1), dt.date(2026, 8, 31), dt.date(2026, 9, 30)


def usd(units: int) -> Money:
    return Money(units, "USD")


def restricted(*, money: int = 100_000, lines: tuple[tuple[str, int], ...] = (("Engineering", 60_000), ("Docs", 40_000))) -> Fund:
    """A fund for Quillon and Harrow, from March to August, closed out at the end of September."""
    fund = funds.open_fund(slug="award-1", name="Alder 24-117", kind=Fund.Kind.RESTRICTED, purpose="Parsers", currency="USD")
    fund.projects.set([project("quillon"), project("harrow")])
    Fund.objects.filter(pk=fund.pk).update(starts_on=START, ends_on=END, closeout_on=CLOSEOUT)
    for position, (name, amount) in enumerate(lines):
        BudgetLine.objects.create(fund=fund, name=name, amount=amount, position=position)
    if money:
        put_money(fund, money)
    return Fund.objects.get(pk=fund.pk)


def hold(fund: Fund, amount: int, line: BudgetLine | None, key: str = "one") -> Reservation:
    made = ledger.reserve(account=fund.account, amount=amount, holder=("proposal", 1), key=key, at=clock.now())
    restrictions.charge(made, line)
    return made


def spend(fund: Fund, reservation: Reservation | None, amount: int, reference: str = "p") -> int:
    """Owe it to somebody, as a payout does. Returns the id of the owed item."""
    owed = ledger.open_account(code="owed:payouts:USD", klass="owed", currency="USD")
    line = Line(ledger.account(fund.account.code), owed, amount, "payout_sent", reservation=reservation)
    entry = ledger.post(kind="payout_sent", source="test", reference=reference, lines=[line], at=clock.now(), effective_on=clock.today())
    return entry.transfers.get().pk


def figures(fund: Fund, until: dt.date | None = None) -> list[tuple[str, int, int, int]]:
    return [(it.line.name, it.reserved.amount, it.spent.amount, it.left.amount) for it in restrictions.stands(fund, until=until)]


@pytest.mark.parametrize(
    ("what", "rule", "says"),
    [
        ({"project": "tern"}, "purpose", "Alder 24-117 is for work on Harrow and Quillon only, and this is work on Tern."),
        ({"on": START - dt.timedelta(days=1)}, "period", "pays for work from 1 March 2026, and this is of 28 February 2026"),
        ({"on": END + dt.timedelta(days=1)}, "period", "pays for work until 31 August 2026"),
        ({"paid_on": CLOSEOUT + dt.timedelta(days=1)}, "closeout", "was closed out on 30 September 2026"),
        ({"amount": usd(1)}, "line", "has a budget, and no line of it was named"),
        (
            {"amount": usd(60_001), "line": "Engineering"},
            "line",
            "Engineering of Alder 24-117 has $600.00 left, and this takes $600.01.",
        ),
        ({"line": "elsewhere"}, "line", "is no budget line of Alder 24-117"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_the_refusal_names_it(what: dict, rule: str, says: str) -> None:
    fund = restricted()
    elsewhere = BudgetLine.objects.create(fund=general_fund(), name="elsewhere", amount=1, position=0)
    lines = {"Engineering": fund.lines.get(name="Engineering"), "elsewhere": elsewhere}
    made = {"quillon": fund.projects.get(slug="quillon"), "tern": project("tern")}
    asked = {**what, "project": made[what.get("project", "quillon")]}
    if "line" in asked:
        asked["line"] = lines[asked["line"]]
    with pytest.raises(Refused) as refusal:
        restrictions.require(fund, **asked)
    assert refusal.value.rule == rule
    assert says in refusal.value.message


def test_the_edges_of_every_rule_are_inside() -> None:
    fund = restricted()
    quillon, line = fund.projects.get(slug="quillon"), fund.lines.get(name="Engineering")
    for on, paid_on in ((START, START), (END, CLOSEOUT)):
        restrictions.require(fund, project=quillon, line=line, on=on, paid_on=paid_on, amount=usd(60_000))


def test_a_fund_without_restrictions_pays_for_anything_at_any_time() -> None:
    far = dt.date(2099, 1, 1)
    restrictions.require(general_fund(), project=project("tern"), on=far, paid_on=far, amount=usd(10**9))


def test_a_line_has_what_no_reservation_holds_and_nothing_has_spent() -> None:
    fund = restricted()
    engineering = fund.lines.get(name="Engineering")
    held = hold(fund, 50_000, engineering)
    spend(fund, held, 20_000)
    assert figures(fund) == [("Engineering", 30_000, 20_000, 10_000), ("Docs", 0, 0, 40_000)]
    ledger.release(reservation=held, amount=5_000, key="less", at=clock.now())
    assert figures(fund)[0] == ("Engineering", 25_000, 20_000, 15_000)
    assert figures(fund, clock.today() - dt.timedelta(days=1)) == [("Engineering", 0, 0, 60_000), ("Docs", 0, 0, 40_000)]


def test_what_comes_back_of_a_line_may_be_spent_again() -> None:
    fund = restricted()
    held = hold(fund, 50_000, fund.lines.get(name="Engineering"))
    item = spend(fund, held, 20_000)
    owed = ledger.account("owed:payouts:USD")
    back = Line(owed, fund.account, 7_000, "debt_cancelled", settles=item, source=item, source_position=0)
    ledger.post(kind="debt_cancelled", source="test", reference="back", lines=[back], at=clock.now(), effective_on=clock.today())
    assert figures(fund)[0] == ("Engineering", 30_000, 13_000, 17_000)


def test_on_which_line_a_reservation_is_made_is_written_once() -> None:
    fund = restricted()
    held = hold(fund, 10, fund.lines.get(name="Engineering"))
    restrictions.charge(held, fund.lines.get(name="Docs"))
    assert LineReservation.objects.get(reservation=held).line.name == "Engineering"
    with pytest.raises(DatabaseError), transaction.atomic():
        LineReservation.objects.update(line=fund.lines.get(name="Docs"))


def test_the_books_are_checked_against_the_budgets() -> None:
    fund = restricted()
    engineering = fund.lines.get(name="Engineering")
    hold(fund, 60_000, engineering)
    assert checks.run("I8")[0].problems == []
    hold(fund, 1, None, key="stray")
    hold(fund, 2, engineering, key="too-much")
    said = checks.run("I8")[0].problems
    assert len(said) == 2
    assert "is on none of its budget lines." in said[0]
    assert said[1] == "Engineering of award-1 has $600.00; $600.02 is reserved and $0.00 spent."


def test_the_database_keeps_what_restricts_a_fund() -> None:
    fund = restricted()
    for change in (
        lambda: BudgetLine.objects.filter(fund=fund).update(amount=1),
        lambda: BudgetLine.objects.filter(fund=fund).delete(),
        lambda: Fund.objects.filter(pk=fund.pk).update(ends_on=None),
        lambda: Fund.objects.filter(pk=fund.pk).update(closeout_on=CLOSEOUT + dt.timedelta(days=1)),
        lambda: fund.projects.add(project("tern")),
        lambda: fund.projects.clear(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_the_most_restricted_money_is_spent_first() -> None:
    """Period ends first, then the narrower purpose, then as they were given."""
    several, budgeted, goal, own, wide, other_wide, common, sooner = (
        funds.open_fund(slug=slug, name=slug, kind=kind, purpose="-", currency="USD", project=project_)
        for slug, kind, project_ in (
            ("several", Fund.Kind.RESTRICTED, None),
            ("budgeted", Fund.Kind.RESTRICTED, None),
            ("goal-spring", Fund.Kind.RESTRICTED, None),
            ("own", Fund.Kind.RESTRICTED, project("heron")),
            ("wide", Fund.Kind.RESTRICTED, None),
            ("other-wide", Fund.Kind.RESTRICTED, None),
            ("common", Fund.Kind.GENERAL, None),
            ("sooner", Fund.Kind.RESTRICTED, None),
        )
    )
    several.projects.set([project("tern"), project("gull")])
    BudgetLine.objects.create(fund=budgeted, name="Work", amount=1, position=0)
    Fund.objects.filter(pk=sooner.pk).update(ends_on=dt.date(2026, 12, 31))
    sooner.refresh_from_db()
    found = sorted([common, wide, several, other_wide, own, goal, budgeted, sooner], key=restrictions.spending_order)
    assert found == [sooner, budgeted, goal, own, several, wide, other_wide, common]
