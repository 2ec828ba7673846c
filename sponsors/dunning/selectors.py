"""Reads of unpaid invoices on their way through the steps, in batch for lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from sponsors.dunning.models import Course
from sponsors.invoices.models import Payment
from sponsors.sponsorships.models import Sponsorship

Outcome = Course.Outcome


@dataclass(frozen=True, slots=True)
class Outlook:
    """What happens to an unpaid sponsorship if nobody does anything. `retry_on` is None when the card is not tried again."""

    retry_on: dt.date | None
    perks_through: dt.date | None
    lapse_on: dt.date


def due(until: dt.date) -> QuerySet[Course]:
    """Courses with a step or their end on or before `until`. A charge whose outcome is open is the sweeper's: no step passes it."""
    charging = Payment.objects.filter(
        invoice=OuterRef("invoice"), state__in=Payment.UNDECIDED, method=Payment.Method.SAVED_CARD, surplus=False
    )
    return Course.objects.filter(~Exists(charging), outcome=Outcome.OPEN, next_on__lte=until).order_by("next_on", "pk")


def last_refusal(course: Course, card: str) -> str:
    """The code with which this saved card was last refused for the invoice; empty when it was not."""
    failed = Payment.objects.filter(invoice=course.invoice_id, state=Payment.State.FAILED, payment_method=card)
    return failed.order_by("-pk").values_list("failure_code", flat=True).first() or ""


def outlook(course: Course, sponsorship: Sponsorship) -> Outlook:
    retry_on = course.plan.retry_on(taken=course.taken, next_on=course.next_on)
    if retry_on and not course.plan.may_retry(last_refusal(course, sponsorship.payment_method)):
        retry_on = None
    return Outlook(retry_on, sponsorship.perks_through, course.lapse_on)


def open_courses(sponsorships: Iterable[Sponsorship]) -> dict[int, Course]:
    """The open course of each, by sponsorship id. One query."""
    found = Course.objects.filter(outcome=Outcome.OPEN, invoice__sponsorship__in=[row.pk for row in sponsorships])
    return {course.invoice.sponsorship_id: course for course in found.select_related("invoice").order_by("-pk")}
