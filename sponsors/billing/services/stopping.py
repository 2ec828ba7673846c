"""Stop a sponsorship, from the signed link in every receipt or from the sponsor's own page."""

from __future__ import annotations

from funding import clock
from funding.audit.services import audited
from funding.people.roles import Viewer
from sponsors.billing import emails
from sponsors.billing.services import recording
from sponsors.dunning import services as dunning
from sponsors.dunning.models import Course
from sponsors.invoices.models import Invoice
from sponsors.sponsorships.models import Sponsorship


@audited("sponsorships.stop", subject="sponsorship")
def stop(*, actor: Viewer, sponsorship: Sponsorship) -> Sponsorship:
    """No further charge. A paid period runs to its end; an unpaid sponsorship ends now, its perks too, and its invoices are void.

    Whoever has the signed link or acts for the party may do it: the page checks. Safe to repeat. A charge that is
    under way at this moment may still go through; then the period that it paid for is the last.
    """
    locked = recording.lock_sponsorship(sponsorship.pk)
    if locked.stopped_at or locked.over:
        return locked
    emails.stopped(locked, cease(locked))
    return locked


def cease(sponsorship: Sponsorship) -> list[Invoice]:
    """What every stop does to the sponsorship, whoever asked for it; returns the invoices that are void now. Mails nobody.

    Call it in a transaction that has locked the sponsorship. One that is over already is only kept from being charged
    again, should money for it still arrive.
    """
    sponsorship.stopped_at = clock.now()
    if sponsorship.over or sponsorship.state == Sponsorship.State.ACTIVE:
        sponsorship.save(update_fields=["stopped_at"])
        return []
    recording.end(sponsorship)
    voided = recording.void_open(sponsorship)
    for invoice in voided:
        dunning.close(invoice=invoice, outcome=Course.Outcome.STOPPED, on=clock.today())
    return voided
