"""How far half days have come on their way to the payee, for `timesheets.progress`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from grants.payouts.models import Payout, PayoutLine
from grants.timesheets.progress import Payment


def look(ids: Iterable[int]) -> Mapping[int, Payment]:
    """One query. The dates are the payout's: in a run since its preparation, sent, confirmed."""
    lines = PayoutLine.objects.filter(work_entry__in=list(ids)).select_related("payout__run")
    return {
        line.work_entry_id: Payment(
            url=line.payout.get_absolute_url(),
            in_run_at=line.payout.run.prepared_at,
            sent_at=line.payout.sent_at,
            confirmed_at=line.payout.confirmed_at,
            trouble=line.payout.failure if line.payout.state == Payout.State.FAILED else "",
        )
        for line in lines
    }
