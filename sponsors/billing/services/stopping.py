"""Stop a sponsorship, from the signed link in every receipt or from the sponsor's own page."""

from __future__ import annotations

from funding import clock
from funding.audit.services import audited
from funding.people.roles import Viewer
from funding.web.queue import enqueue_on_commit
from sponsors.billing import emails
from sponsors.billing.services import recording
from sponsors.invoices import services as invoices
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship

SETTLE = "sponsors.billing.tasks.settle_payment"


@audited("sponsorships.stop", subject="sponsorship")
def stop(*, actor: Viewer, sponsorship: Sponsorship) -> Sponsorship:
    """No further charge. A paid period runs to its end; an unpaid sponsorship ends now and its invoices are void.

    Whoever has the signed link or acts for the party may do it: the page checks. Safe to repeat. A charge that is
    under way at this moment may still go through; then the period that it paid for is the last.
    """
    locked = recording.lock_sponsorship(sponsorship.pk)
    if locked.stopped_at or locked.state == Sponsorship.State.ENDED:
        return locked
    locked.stopped_at = clock.now()
    voided: list[Invoice] = []
    if locked.state == Sponsorship.State.ACTIVE:
        locked.save(update_fields=["stopped_at"])
    else:
        recording.end(locked)
        voided = _forgive(locked)
    emails.stopped(locked, voided)
    return locked


def _forgive(sponsorship: Sponsorship) -> list[Invoice]:
    """Nobody asks for these invoices again. An open card page of one is closed by the next look at its payment."""
    owed = list(Invoice.objects.select_for_update(no_key=True).filter(sponsorship=sponsorship, state=Invoice.State.OPEN).order_by("pk"))
    for invoice in owed:
        invoices.void(invoice=invoice)
        live = Payment.objects.select_for_update(no_key=True).filter(invoice=invoice, state__in=Payment.OPEN).first()
        if live is not None:
            live.next_look_at = live.key_at
            live.save(update_fields=["next_look_at"])
            enqueue_on_commit(SETTLE, live.pk)
    return owed
