"""Reads of the fund desk: funds with their sums, moves, and which funds could pay for what waits."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from funding import days
from funding.funds import needs, restrictions
from funding.funds.flows import AWARD_FUND
from funding.funds.models import BudgetLine, Fund, FundMove, Need, Project, Voucher
from funding.money import Money
from funding.people import roles
from funding.people.roles import Role

MOVES_SHOWN = 50


def role_subjects() -> list[tuple[str, str]]:
    """What the role of maintainer is held over."""
    return [(project.subject, _("Project {name}").format(name=project.name)) for project in Project.objects.all()]


def all_funds() -> QuerySet[Fund]:
    """Every fund, the restricted ones first, with account, project and what restricts it."""
    return Fund.objects.select_related("account", "project").prefetch_related("projects", "lines").order_by("-kind", "name")


def public_funds() -> QuerySet[Fund]:
    """The funds of the public books. A draft project's fund is its own business until money is in it."""
    return all_funds().exclude(project__state=Project.State.DRAFT, account__credits=0)


def moves(fund: Fund | None = None) -> list[FundMove]:
    """The newest moves, of one fund or of all."""
    found = FundMove.objects.select_related("giver", "taker", "asked_by", "decided_by")
    if fund is not None:
        found = found.filter(giver=fund) | found.filter(taker=fund)
    return list(found[:MOVES_SHOWN])


def waiting_for(request: HttpRequest) -> int:
    """Moves that this person could approve, and for a treasurer also what waits for money."""
    asked = FundMove.objects.filter(state=FundMove.State.ASKED).exclude(asked_by=request.user.pk).count()
    if roles.has(request.user, Role.TREASURER):
        return asked + Need.objects.filter(state=Need.State.WANTED).count()
    return asked if roles.has(request.user, Role.ADMIN) else 0


def vouchers_waiting(request: HttpRequest) -> int:
    """Vouchers that this person could approve."""
    if not roles.has_any(request.user, {Role.TREASURER, Role.ADMIN}):
        return 0
    return Voucher.objects.filter(state=Voucher.State.ASKED).exclude(asked_by=request.user.pk).count()


@dataclass(frozen=True, slots=True)
class Payer:
    """A fund, or one line of its budget, that could pay for a need: what it has, and how many half days that buys.

    `whole`: it is to pay for all of it, once its money is there.
    """

    fund: Fund
    line: BudgetLine | None
    available: Money
    half_days: int
    whole: bool = False

    @property
    def key(self) -> str:
        """Says what is chosen and how many half days were read, so that another number is another choice."""
        purse = f"{self.fund.pk}-{self.line.pk}" if self.line else str(self.fund.pk)
        return f"{purse}-{'later' if self.whole else 'now'}-{self.half_days}"

    @property
    def name(self) -> str:
        return f"{self.fund.name}, {self.line}" if self.line else self.fund.name


def payers(need: Need) -> list[Payer]:
    """Every fund that may pay for the need and buys at least half a day of it, the restricted ones first; and after them the
    awards that cannot pay for all of it yet, for the treasurer who knows that a tranche is on its way.
    """
    found: list[Payer] = []
    later: list[Payer] = []
    for fund in all_funds().filter(currency=need.currency):
        if needs.may_pay(fund, need):
            for line, available in _purses(fund):
                half_days = min(days.affordable(available, need.rate), need.half_days)
                if half_days:
                    found.append(Payer(fund, line, available, half_days))
                if half_days < need.half_days and fund.slug.startswith(AWARD_FUND):
                    later.append(Payer(fund, line, available, need.half_days, whole=True))
    return [*found, *later]


def _purses(fund: Fund) -> list[tuple[BudgetLine | None, Money]]:
    """What of a fund may be spent at once: all that it has, or, where it has a budget, what each line has left."""
    held = fund.account.available
    stands = restrictions.stands(fund)
    return [(stand.line, min(held, stand.left)) for stand in stands] if stands else [(None, held)]
