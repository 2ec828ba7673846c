"""What a refund or a lost dispute means for the sponsorship: perks of a period that is paid back whole end.

`paid_through` goes back and `billed_through` keeps when the next charge is due, so that nobody is charged again for a period
that was paid back. Everything here runs inside the caller's transaction, which holds the sponsorship's row.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import Sum

from funding.audit.services import record as audit
from sponsors.billing.services import stopping
from sponsors.invoices.models import Payment
from sponsors.refunds import taking
from sponsors.refunds.models import Dispute, Refund
from sponsors.sponsorships.models import Sponsorship


def note_returned(payment: Payment) -> None:
    """Keep on the payment what has gone back of it: refunds that left, and what banks took and did not return."""
    refunds = Refund.objects.filter(payment=payment, state__in=[Refund.State.SENT, Refund.State.SUCCEEDED])
    disputes = Dispute.objects.filter(payment=payment, state__in=[Dispute.State.OPEN, Dispute.State.LOST])
    sums = [rows.aggregate(sum=Sum("amount"))["sum"] or 0 for rows in (refunds, disputes)]
    payment.returned = min(payment.gross, sum(sums))
    payment.save(update_fields=["returned"])


def is_whole(payment: Payment) -> bool:
    """True when nothing is left of what it brought."""
    return payment.entry is not None and taking.left(payment.entry) == 0


def end_perks(sponsorship: Sponsorship) -> None:
    """Move `paid_through` to before the newest periods that were paid back whole. An older period changes nothing."""
    through = sponsorship.paid_through
    taken = Payment.objects.filter(invoice__sponsorship=sponsorship, state=Payment.State.BOOKED, surplus=False).select_related(
        "invoice", "entry"
    )
    for payment in taken.order_by("-invoice__period_start", "-pk"):
        if not is_whole(payment):
            break
        through = min(through or payment.invoice.period_start, payment.invoice.period_start - dt.timedelta(days=1))
    if through != sponsorship.paid_through:
        sponsorship.billed_through = max(filter(None, [sponsorship.billed_through, sponsorship.paid_through]))
        sponsorship.paid_through = through
        sponsorship.save(update_fields=["paid_through", "billed_through"])


def give_perks_back(sponsorship: Sponsorship) -> None:
    """The refund failed or the dispute was won after all: what was paid for is paid for again."""
    if sponsorship.billed_through is None:
        return
    sponsorship.paid_through, sponsorship.billed_through = max(filter(None, [sponsorship.billed_through, sponsorship.paid_through])), None
    sponsorship.save(update_fields=["paid_through", "billed_through"])
    end_perks(sponsorship)


def charge_no_further(sponsorship: Sponsorship, dispute: Dispute) -> None:
    """Whoever disputes a charge is not charged again: each dispute costs a fee, and they said no to their bank.

    A renewal that is unpaid at that moment is asked for no more, or its steps would go on charging them.
    """
    if sponsorship.stopped_at is None and sponsorship.recurring and sponsorship.state != Sponsorship.State.ENDED:
        stopping.cease(sponsorship)
        audit(actor=None, act="sponsorships.stop", subject=sponsorship, reason=f"Their bank disputes a charge: {dispute.ref}")
