"""Which fund bears how much of a proposal: restricted funds first, down the call's list, until the sum is met or missing.

A fund with restrictions bears only what they allow (`funds.restrictions`); one with a budget, only on the line that whoever
decides names. What is barred is told with its rule, so that a refusal says why money that is there may not be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from funding import clock
from funding.errors import Refused
from funding.funds import reserve as reserves
from funding.funds import restrictions
from funding.funds.models import BudgetLine, Fund
from funding.funds.restrictions import Breach, LineStand
from funding.ledger import services as ledger
from funding.ledger.errors import Overdrawn
from funding.ledger.models import Reservation
from funding.money import Money
from grants.proposals import selectors
from grants.proposals.models import Proposal

ATTEMPTS = 5
"""How often the plan is made anew when other decisions take from the same funds at the same moment."""


@dataclass(frozen=True, slots=True)
class Share:
    """One fund: what it may bear of this now, and what this proposal would take of it, on which line. Both of one currency."""

    fund: Fund
    available: Money
    take: Money
    line: BudgetLine | None = None


@dataclass(frozen=True, slots=True)
class Barred:
    """Money of a fund that a rule keeps from this proposal."""

    fund: Fund
    amount: Money
    breach: Breach


@dataclass(frozen=True, slots=True)
class Plan:
    """How the funds would bear the sum. `missing` is zero when they can."""

    wanted: Money
    shares: tuple[Share, ...]
    missing: Money
    barred: tuple[Barred, ...] = ()

    @property
    def rule(self) -> str:
        """The rule of a refusal: that of the barred money where it would have met what is missing, else "funds-short"."""
        kept = sum(each.amount.amount for each in self.barred)
        return self.barred[0].breach.rule if self.barred and kept >= self.missing.amount else "funds-short"

    @property
    def shortfall(self) -> str:
        """What is missing, what each fund has and what a rule keeps from it, as sentences; "" when nothing is missing."""
        if not self.missing:
            return ""
        held = " ".join(
            _("{fund} has {available} available.").format(fund=share.fund.name, available=share.available) for share in self.shares
        )
        kept = " ".join(each.breach.sentence for each in self.barred)
        told = f"{held} {kept}".strip() or _("No fund of this call may pay for work on this project.")
        return _("{missing} of {wanted} is missing.").format(missing=self.missing, wanted=self.wanted) + f" {told}"


def budgets(proposal: Proposal) -> list[tuple[Fund, list[LineStand]]]:
    """The funds of the call that may pay for the proposal and have a budget, with its lines: one of them has to be named."""
    found = [(fund, restrictions.stands(fund)) for fund in selectors.eligible_funds(proposal.call, proposal.project)]
    return [(fund, lines) for fund, lines in found if lines and not _barred_whole(fund, proposal)]


def plan(proposal: Proposal, lines: Sequence[BudgetLine] | None = None) -> Plan:
    """What would be reserved now, with `lines` naming at most one budget line of each fund. A read.

    None for `lines`: before anybody has chosen, as if the line with the most left were named.
    """
    wanted = proposal.price
    named = {line.fund_id: line for line in lines or ()}
    left, shares, barred = wanted.amount, [], []
    for fund in _in_order(selectors.eligible_funds(proposal.call, proposal.project)):
        held = Money(max(0, fund.account.available.amount), wanted.currency)
        breach, line = _barred_whole(fund, proposal), named.get(fund.pk)
        if breach is None:
            may, breach = _on_line(fund, line, held, guess=lines is None)
        else:
            may = Money.zero(wanted.currency)
        take = min(left, may.amount)
        if breach is None or may:
            shares.append(Share(fund, may, Money(take, wanted.currency), line))
        if breach is not None and held > may:
            barred.append(Barred(fund, held - may, breach))
        left -= take
    return Plan(wanted, tuple(shares), Money(left, wanted.currency), tuple(barred))


def _in_order(funds: Iterable[Fund]) -> list[Fund]:
    """The most restricted first; the call's own order decides between equals."""
    return sorted(funds, key=restrictions.spending_order)


def _barred_whole(fund: Fund, proposal: Proposal) -> Breach | None:
    """Work begins when it is decided, so today is the date that its period is asked about."""
    today = clock.today()
    return reserves.bars(fund) or restrictions.find(fund, project=proposal.project, on=today, paid_on=today)


def _on_line(fund: Fund, line: BudgetLine | None, held: Money, *, guess: bool) -> tuple[Money, Breach | None]:
    """How much of what the fund has may be used, and the rule that keeps the rest."""
    stands = restrictions.stands(fund)
    if not stands:
        return held, None
    chosen = [stand for stand in stands if guess or (line is not None and stand.line.pk == line.pk)]
    if not chosen:
        return Money.zero(held.currency), Breach("line", _("{fund} has a budget, and no line of it was named.").format(fund=fund.name))
    best = max(chosen, key=lambda stand: stand.left.amount)
    if best.left >= held:
        return held, None
    rest = max(best.left, Money.zero(held.currency))
    return rest, Breach("line", _("The line “{line}” of {fund} has {rest} left.").format(line=best.line, fund=fund.name, rest=rest))


def reserve(proposal: Proposal, lines: Sequence[BudgetLine] = ()) -> list[tuple[Fund, Reservation]]:
    """Hold the whole asked sum for the proposal, in the order in which the funds are to be spent.

    `lines`: the budget line of each fund that has a budget; a fund whose line is not named bears nothing. Call inside the
    determination's transaction. Raises Refused (rule funds-short, or purpose, line, period, closeout where that rule keeps
    money that would be enough) with the missing sum and each fund's availability; then nothing is held.
    """
    restrictions.lock(lines)
    for __ in range(ATTEMPTS):
        proposed = plan(proposal, lines)
        if proposed.missing:
            break
        try:
            with transaction.atomic():
                return _hold(proposal, proposed)
        except Overdrawn:
            continue  # another decision was quicker; its hold is visible to the next plan
    raise Refused(
        _("The votes carry, and the funds do not. {shortfall} Nothing was recorded.").format(shortfall=proposed.shortfall),
        rule=proposed.rule,
    )


def _hold(proposal: Proposal, proposed: Plan) -> list[tuple[Fund, Reservation]]:
    """Reserve by account id, as everything locks accounts (docs/ledger.md), and answer in the order of spending."""
    taking = [share for share in proposed.shares if share.take]
    held: dict[int, Reservation] = {}
    for share in sorted(taking, key=lambda share: share.fund.account_id):
        restrictions.require(share.fund, project=proposal.project, line=share.line, on=clock.today(), amount=share.take)
        held[share.fund.pk] = ledger.reserve(
            account=share.fund.account,
            amount=share.take.amount,
            holder=("proposal", proposal.pk),
            key=f"determination:{proposal.ref}:{share.fund.slug}",
            at=clock.now(),
        )
        restrictions.charge(held[share.fund.pk], share.line)
    return [(share.fund, held[share.fund.pk]) for share in taking]
