"""Unpaid renewals that no steps were begun for: what was refused before there were any, and what was stopped while it was unpaid.

Each is found by a query and dealt with once, so that the run may be repeated. Nothing that today's verbs leave behind is in it.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from sponsors.billing import emails
from sponsors.billing.services import recording
from sponsors.billing.services.stopping import cease
from sponsors.dunning import services as dunning
from sponsors.dunning.models import Course
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship

State = Sponsorship.State


def left_behind() -> QuerySet[Sponsorship]:
    """Unpaid, and either stopped already or with an open invoice that never began its steps. A pledge has other steps."""
    stepless = Invoice.objects.filter(~Exists(Course.objects.filter(invoice=OuterRef("pk"))), sponsorship=OuterRef("pk"), state="open")
    return Sponsorship.objects.filter(
        Q(stopped_at__isnull=False) | Exists(stepless), state__in=[State.GRACE, State.PAST_DUE], tier__isnull=False
    )


@transaction.atomic
def resume(*, sponsorship_id: int, on: dt.date) -> None:
    """End what was stopped; begin the steps of what was not, from `on`, and tell the sponsor again, because days have passed.

    What was stopped is told nothing: its owner was told when they stopped it.
    """
    sponsorship = recording.lock_sponsorship(sponsorship_id)
    if not sponsorship.unpaid:
        return
    if stopped_at := sponsorship.stopped_at:
        cease(sponsorship)
        Sponsorship.objects.filter(pk=sponsorship.pk).update(stopped_at=stopped_at)
        return
    invoice = Invoice.objects.select_for_update(no_key=True).filter(sponsorship=sponsorship, state=Invoice.State.OPEN).earliest("pk")
    invoice.sponsorship = sponsorship
    course = dunning.begin(invoice=invoice, on=on)
    course.invoice = invoice
    failed = Payment.objects.filter(invoice=invoice, state=Payment.State.FAILED).order_by("-pk").first()
    emails.steps_begin(course, failed)
