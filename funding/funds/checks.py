"""I8 for budgets, recomputed from the ledger: a fund with a budget promises on its lines only, and no line promises too much."""

from __future__ import annotations

from collections.abc import Iterator

from funding.funds import restrictions
from funding.funds.models import Fund, LineReservation
from funding.ledger.checks import Tally
from funding.ledger.models import Reservation


def budgets_hold(tally: Tally) -> Iterator[str]:
    """Restricted money is promised and spent within its budget lines."""
    for fund in Fund.objects.filter(lines__isnull=False).distinct().order_by("pk").prefetch_related("lines"):
        tally.count("budgets")
        named = LineReservation.objects.filter(line__fund=fund)
        for stray in Reservation.objects.filter(account=fund.account_id).exclude(pk__in=named.values("reservation")):
            yield f"Reservation {stray.pk} of {fund.slug} is on none of its budget lines."
        for stand in restrictions.stands(fund):
            tally.add("in budget lines", fund.currency, stand.budget.amount)
            if stand.left.amount < 0:
                yield f"{stand.line} of {fund.slug} has {stand.budget}; {stand.reserved} is reserved and {stand.spent} spent."
    wrong = LineReservation.objects.select_related("line__fund", "reservation")
    for row in wrong:
        if row.reservation.account_id != row.line.fund.account_id:
            yield f"Reservation {row.reservation_id} is on {row.line}, a line of another fund."
