"""What is over once a payout is paid or written off: its engagement when the whole cap is, its run when nothing in it waits."""

from __future__ import annotations

from funding import clock
from grants.engagements import services as engagements
from grants.engagements.models import Engagement
from grants.payouts.models import Payout, PayoutRun, PayoutShare
from grants.payouts.services import RUN
from grants.timesheets import selectors as timesheets

State = Payout.State
OVER = [State.CONFIRMED, State.WRITTEN_OFF]


def lock_engagements(payout_id: int) -> None:
    """The first locks of every verb that may close an engagement (docs/payouts.md, order of locks)."""
    paid = PayoutShare.objects.filter(line__payout=payout_id).values("source__engagement")
    list(Engagement.objects.select_for_update().filter(pk__in=paid).order_by("pk"))


def close_what_is_paid(payout: Payout) -> None:
    """Complete the engagements whose whole cap is over, and close the run if it was the last. The engagements are locked."""
    paid = PayoutShare.objects.filter(line__payout=payout).values("source__engagement")
    for engagement in Engagement.objects.filter(pk__in=paid, state=Engagement.State.ACTIVE):
        if timesheets.usage(engagement).approved == engagement.cap_half_days and _all_over(engagement):
            engagements.complete(engagement=engagement)
    close_run(payout.run_id)


def close_run(run_id: int) -> None:
    """A released run without anything left to confirm is done."""
    run = PayoutRun.objects.select_for_update().get(pk=run_id)
    waiting = run.payouts.filter(state__in=[State.READY, State.SENT, State.FAILED])
    if run.state == PayoutRun.State.RELEASED and not waiting.exists():
        run.state, run.done_at = PayoutRun.State.DONE, clock.now()
        run.save(update_fields=["state", "done_at"])


def open_again(run_id: int) -> None:
    """A run that was done is not any more when something in it is owed again."""
    run = PayoutRun.objects.select_for_update().get(pk=run_id)
    if run.state == PayoutRun.State.DONE:
        RUN.check(run.state, PayoutRun.State.RELEASED)
        run.state, run.done_at = PayoutRun.State.RELEASED, None
        run.save(update_fields=["state", "done_at"])


def _all_over(engagement: Engagement) -> bool:
    """True if every half day of the cap is in a payout that is confirmed or written off."""
    lines = PayoutShare.objects.filter(source__engagement=engagement, line__payout__state__in=OVER)
    return lines.values("line").distinct().count() == engagement.cap_half_days
