"""The versions of the host's table, and the course that one unpaid invoice takes through the one it keeps."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from funding.people.models import User
from sponsors.dunning.plan import Plan, Step, from_json
from sponsors.invoices.models import Invoice, Payment


class Schedule(models.Model):
    """One version of the table, written once. The newest is in force; `plan` is `plan.Plan.as_json`."""

    version = models.PositiveIntegerField(unique=True)
    content = models.JSONField()
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]

    def __str__(self) -> str:
        return f"dunning steps, version {self.version}"

    @property
    def ref(self) -> str:
        return f"dunning:{self.version}"

    @property
    def plan(self) -> Plan:
        return from_json(self.content)


class Course(models.Model):
    """One invoice on its way through the steps that were in force when it fell due.

    `taken` counts steps done. `next_on` is the business day of the next one; it stays while a step's charge has no
    outcome, and the query for what is due leaves such an invoice out.
    """

    class Outcome(models.TextChoices):
        OPEN = "open", gettext_lazy("Open")
        PAID = "paid", gettext_lazy("Paid")
        STOPPED = "stopped", gettext_lazy("Stopped")
        LAPSED = "lapsed", gettext_lazy("Lapsed")

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="+")
    content = models.JSONField()
    version = models.PositiveIntegerField()
    begun_on = models.DateField()
    taken = models.PositiveSmallIntegerField(default=0)
    next_on = models.DateField()
    outcome = models.CharField(max_length=7, choices=Outcome, default=Outcome.OPEN)
    closed_on = models.DateField(null=True)

    class Meta:
        ordering = ["next_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="open", closed_on=None) | ~Q(outcome="open") & Q(closed_on__isnull=False), name="course_closed_on"
            )
        ]
        indexes = [models.Index(fields=["next_on"], condition=Q(outcome="open"), name="course_due")]

    def __str__(self) -> str:
        return f"steps of {self.invoice}"

    @property
    def plan(self) -> Plan:
        return from_json(self.content)

    @property
    def step(self) -> Step | None:
        """The next step, or None when what comes next is the end."""
        steps = self.plan.steps
        return steps[self.taken] if self.taken < len(steps) else None

    @property
    def lapse_on(self) -> dt.date:
        return self.plan.lapse_on(taken=self.taken, next_on=self.next_on)


class StepTaken(models.Model):
    """That a step happened, once for each invoice. `payment` is the attempt that it made; None where the card was not tried."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="steps_taken")
    day = models.PositiveSmallIntegerField()
    payment = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="+")
    mail = models.CharField(max_length=8, blank=True)
    taken_on = models.DateField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["course", "day"], name="step_once_an_invoice")]
