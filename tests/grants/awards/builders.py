"""Plain functions that make what tests of awards stand on: two treasurers, an award of 1,000.00 over two projects in three tranches."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from funding import clock
from funding.funds.models import Fund, Project
from funding.ledger import services as ledger
from funding.ledger.models import Account
from funding.ledger.selectors import balances
from funding.money import Money
from funding.people.models import User
from funding.people.roles import Role
from grants.awards import correcting, giving_back, services, tranches
from grants.awards.models import Award, Correction, GivingBack, Tranche
from grants.awards.services import LineTerms, Terms, TrancheTerms
from tests.funding.builders import holder
from tests.grants.builders import project, the_host

DAY = dt.timedelta(days=1)
ACCEPTED = "The interim report is accepted"


def usd(units: int) -> Money:
    return Money(units, "USD")


@dataclass(frozen=True)
class Desk:
    """Who writes and books, and who checks."""

    maker: User
    checker: User


def desk() -> Desk:
    the_host()
    return Desk(holder(Role.TREASURER, name="Tora Maker"), holder(Role.TREASURER, name="Ivar Checker"))


def terms(**changes: Any) -> Terms:
    """1,000.00 for Quillon and Harrow: 700.00 engineering, 300.00 docs; the second tranche has a condition."""
    today = clock.today()
    made = Terms(
        title="Alder 24-117: safer parsers",
        number="24-117",
        grantor="Alder Foundation",
        unnamed=False,
        amount=usd(100_000),
        purpose="Parsers that cannot be crashed by their input",
        projects=[],
        starts_on=today - 10 * DAY,
        ends_on=today + 90 * DAY,
        closeout_on=today + 120 * DAY,
        lines=[LineTerms("Engineering", usd(70_000)), LineTerms("Docs", usd(30_000))],
        tranches=[
            TrancheTerms(today, usd(40_000), "Signature"),
            TrancheTerms(today + 30 * DAY, usd(40_000), "Interim report", ACCEPTED),
            TrancheTerms(today + 60 * DAY, usd(20_000), "Final report"),
        ],
    )
    return replace(made, **changes)


UNNAMED = {"unnamed": True, "title": "Safer parsers"}


def draft(people: Desk, slug: str = "alder", **changes: Any) -> Award:
    projects = list(Project.objects.filter(slug__in=["quillon", "harrow"])) or [project("quillon"), project("harrow")]
    return services.create(actor=people.maker, slug=slug, terms=terms(**{"projects": projects, **changes}))


def active(people: Desk, slug: str = "alder", **changes: Any) -> Award:
    award = draft(people, slug, **changes)
    services.move(actor=people.maker, award=award, to=Award.State.AGREED, words="In the safe")
    services.activate(actor=people.checker, award=award, version=Award.objects.get(pk=award.pk).version)
    return Award.objects.select_related("fund__account", "grantor").get(pk=award.pk)


def three(maker: User, checker: User, about: Project) -> tuple[Award, Award, Award]:
    """An active one (tranches: expected; with a condition; with one that the maker says is met), a draft, an agreed one."""
    people, today = Desk(maker, checker), clock.today()
    rows = [
        TrancheTerms(today, usd(40_000), "Signature"),
        TrancheTerms(today + 30 * DAY, usd(40_000), "Interim report", ACCEPTED),
        TrancheTerms(today + 60 * DAY, usd(20_000), "Final report", "The final report is accepted"),
    ]
    first = active(people, projects=[about], tranches=rows)
    tranches.claim(actor=maker, tranche=tranche(first, 3), words="Their letter of May")
    unfinished, agreed = (draft(people, slug, projects=[about], number=slug) for slug in ("birch", "cedar"))
    services.move(actor=maker, award=agreed, to=Award.State.AGREED, words="In the safe")
    agreed.refresh_from_db()
    return first, unfinished, agreed


def tranche(award: Award, number: int) -> Tranche:
    return Tranche.objects.select_related("award").get(award=award, position=number - 1)


def book(people: Desk, award: Award, number: int, units: int | None = None, reference: str = "", *, on: dt.date | None = None) -> Tranche:
    it = tranche(award, number)
    return tranches.book(
        actor=people.maker,
        tranche=it,
        amount=usd(it.amount if units is None else units),
        arrived_on=on or clock.today(),
        bank_reference=reference or f"BANK {award.slug} {number}",
        evidence="Statement 11",
    )


def fund(award: Award) -> Fund:
    return Fund.objects.select_related("account").get(slug=f"award-{award.slug}")


def balance(code: str) -> int:
    account = Account.objects.filter(code=code).first()
    return balances([account])[account.pk].amount.amount if account else 0


def spend(award: Award, units: int, reference: str = "elsewhere") -> None:
    """An outflow of the award's fund that no part of this app made."""
    owed = ledger.open_account(code="owed:payouts:USD", klass="owed", currency="USD")
    line = ledger.Line(ledger.account(fund(award).account.code), owed, units, "expense")
    ledger.post(kind="expense", source="test", reference=reference, lines=[line], at=clock.now(), effective_on=clock.today())


def ask_back(desk: Desk, award: Award, units: int, reference: str = "OUT 1") -> GivingBack:
    return giving_back.ask(actor=desk.maker, award=award, amount=usd(units), bank_reference=reference, reason="The work is done")


def correct(desk: Desk, award: Award, number: int, units: int, reference: str = "RIGHT 1", *, on: dt.date | None = None) -> Correction:
    it = tranche(award, number)
    return correcting.ask(
        actor=desk.maker,
        tranche=it,
        amount=usd(units),
        arrived_on=on or it.arrived_on or clock.today(),
        bank_reference=reference,
        evidence="Statement 12",
        reason="A typing mistake",
    )


def booked(maker: User, checker: User, about: Project, slug: str = "elder") -> Award:
    """An active award, whose number is its slug, with its first tranche booked."""
    people = Desk(maker, checker)
    award = active(people, slug, projects=[about], number=slug)
    book(people, award, 1)
    return award
