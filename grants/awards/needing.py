"""The approved work that an award is raised for: what is booked into the award's fund is offered to it. The rules: docs/awards.md."""

from __future__ import annotations

from funding import days
from funding.errors import Conflict, Refused
from funding.funds import needs, restrictions
from funding.funds.models import BudgetLine, Need
from funding.ledger import services as ledger
from funding.web import trouble
from grants.awards.models import Award, Tranche

TO_COME = (Tranche.State.SCHEDULED, Tranche.State.HELD)


def lock(award: Award) -> None:
    """Hold what the award is raised for, after the award's own rows and before the ledger's accounts (docs/needs.md)."""
    if award.need is not None:
        needs.lock(award.need)


def offer(award: Award) -> bool:
    """Offer the award's fund to the need that it is raised for, by its line. True when the need names it by now.

    While tranches are to come, the work waits for all that the line can ever buy of it, so that the first instalment does not end
    the search with a part; after the last one it begins with what is there. False when there is nothing to offer yet, when it was met
    or dropped meanwhile, another fund pays, or a rule of the fund forbids it today: the money then stays for other work.
    """
    if award.need is None or award.fund is None or award.state != Award.State.ACTIVE:
        return False
    need = Need.objects.get(pk=award.need.pk)
    line = BudgetLine.objects.get(fund=award.fund, name=award.need_line)
    now = days.affordable(min(ledger.account(award.fund.account.code).available, restrictions.left(line)), need.rate)
    ever = days.affordable(restrictions.left(line), need.rate) if award.tranches.filter(state__in=TO_COME).exists() else now
    if need.state != Need.State.WANTED or not now:
        return False
    try:
        needs.offer(need=need, fund=award.fund, line=line, at_least=min(ever, need.half_days))
    except (Conflict, Refused):
        return False
    return True


def sweep(task: str) -> int:
    """Offer again what a rule forbade when it arrived, such as before the award's first day. Returns how many needs name their award."""
    watch, found = trouble.Watch(task), 0
    rows = Award.objects.filter(state=Award.State.ACTIVE, need__state=Need.State.WANTED, need__fund=None).select_related(
        "need", "fund__account"
    )
    for award in rows:
        with watch.item(f"award:{award.pk}"):
            found += offer(award)
    return found
