"""How far half days have come on their way to the payee, and what is coming next, for `timesheets.progress`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.money import Money
from funding.people.models import User
from grants.payouts import planning
from grants.payouts.models import Payout, PayoutLine
from grants.timesheets.progress import Coming, Payment

WORDS = {
    Payout.State.SENT: gettext_lazy("sent, and not yet confirmed"),
    Payout.State.FAILED: gettext_lazy("not paid yet; the treasurer knows why"),
    Payout.State.READY: gettext_lazy("in a run that waits or is being paid"),
}


def look(ids: Iterable[int]) -> Mapping[int, Payment]:
    """One query. The dates are the payout's: in a run since its preparation, sent, confirmed."""
    lines = PayoutLine.objects.filter(work_entry__in=list(ids)).select_related("payout__run")
    return {
        line.work_entry_id: Payment(
            url=line.payout.get_absolute_url(),
            in_run_at=line.payout.run.prepared_at,
            sent_at=line.payout.sent_at,
            confirmed_at=line.payout.confirmed_at,
            trouble=_trouble(line.payout),
        )
        for line in lines
    }


def _trouble(payout: Payout) -> str:
    if payout.state == Payout.State.WRITTEN_OFF:
        return _("It could not be paid, and two treasurers cancelled the debt. The half day is written off.")
    return _("{failure} The money stays owed to you.").format(failure=payout.failure) if payout.state == Payout.State.FAILED else ""


def forecast(worker: User) -> list[Coming]:
    """What is in a run and not confirmed, then what is approved and waits for the next run. Two queries."""
    lines = PayoutLine.objects.filter(work_entry__worker=worker, payout__state__in=WORDS)
    grouped = lines.values("payout", "payout__state", "payout__currency").annotate(halves=Count("pk"), sum=Sum("amount")).order_by("payout")
    moving = [
        Coming(
            row["halves"],
            Money(row["sum"], row["payout__currency"]),
            str(WORDS[Payout.State(row["payout__state"])]),
            Payout(pk=row["payout"]).get_absolute_url(),
        )
        for row in grouped
    ]
    unpaid = planning.unpaid().filter(worker=worker).order_by("currency").values("currency")
    waiting = unpaid.annotate(halves=Count("pk"), rates=Sum("rate_amount"))
    return moving + [Coming(row["halves"], Money(row["rates"] // 2, row["currency"]), _("approved, for the next run")) for row in waiting]
