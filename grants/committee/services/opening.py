"""Open sealed reviews when their moment has come, and remind those whose review is not in. Run by the act that completes
a panel, and by the schedule, which finds what a deadline, a recusal or a resignation completed.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.utils import translation

from funding import clock
from funding.audit.services import record
from funding.errors import Conflict
from grants.committee import counting, emails, sealing
from grants.committee.counting import Sheet
from grants.committee.models import Determination, Opening, Panel
from grants.committee.services.seating import excluded_now, lock_open
from grants.proposals.models import Proposal

log = logging.getLogger(__name__)


def open_if_due(panel: Panel) -> Opening | None:
    """Open the reviews of the present revision if they are due to, and tell the panel. The caller has locked the panel.

    Those whom a rule excludes by now are counted as recused. Returns the new opening, or None.
    """
    return _open_if_due(counting.sheet(panel, also_recused=excluded_now(panel)))


def _open_if_due(sheet: Sheet) -> Opening | None:
    panel, tally = sheet.panel, sheet.tally
    because = sealing.because(
        awaited=len(sheet.awaited),
        reviews=tally.reviews,
        needed=tally.reviews_needed,
        eligible=tally.eligible,
        past_due=clock.now() >= sheet.due_at,
    )
    if because is None or sheet.opening is not None:
        return None
    opening = Opening.objects.create(panel=panel, revision=sheet.revision, because=because, opened_at=clock.now())
    with translation.override(None):
        record(actor=None, act="committee.open_reviews", subject=panel, reason=opening.get_because_display())
    emails.tell_opened(sheet)
    return opening


def waiting() -> list[int]:
    """Ids of the panels that are still to be decided."""
    undecided = Panel.objects.filter(proposal__state=Proposal.State.SUBMITTED).exclude(pk__in=Determination.objects.values("panel"))
    return list(undecided.order_by("pk").values_list("pk", flat=True))


def sweep() -> dict[str, int]:
    """Open what is due and send the reminders of today, panel by panel; safe to repeat. One that fails stops no other."""
    done = {"opened": 0, "failed": 0}
    for pk in waiting():
        try:
            done["opened"] += look_after(panel_id=pk)
        except Exception:
            log.exception("the reviews of panel %s could not be looked after", pk)
            done["failed"] += 1
    return done


@transaction.atomic
def look_after(*, panel_id: int) -> bool:
    """One panel: open its reviews if they are due, else remind whoever is late. Says whether it opened them."""
    try:
        panel = lock_open(Panel.objects.get(pk=panel_id))
    except Conflict:
        return False  # decided or taken back since it was listed
    sheet = counting.sheet(panel, also_recused=excluded_now(panel))
    if _open_if_due(sheet) is not None:
        return True
    if sheet.opening is None:
        _remind(sheet)
    return False


def _remind(sheet: Sheet) -> None:
    begun = sheet.panel.proposal.submitted_at or sheet.panel.opened_at
    stage = sealing.stage(now=clock.now(), begun_at=begun, due_at=sheet.due_at)
    if not stage:
        return
    for member in sheet.awaited:
        emails.remind(sheet, member, stage)
    if stage == "overdue":
        emails.tell_missing(sheet)
