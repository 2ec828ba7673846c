"""What money is for. A fund owns one ledger account; everything it has or had is read from there."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from funding.ledger.models import Account
from funding.money import Money


class Project(models.Model):
    """What is funded. Its target is days a month at a reference day rate; 40 half days are one person's full time."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        PAUSED = "paused", "Paused"

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    summary = models.CharField(max_length=200)
    headline = models.CharField(max_length=120, blank=True)
    story = models.TextField(blank=True)
    homepage = models.URLField(blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    target_half_days = models.PositiveSmallIntegerField(default=40)
    rate_amount = models.BigIntegerField()
    rate_currency = models.CharField(max_length=3)
    version = models.PositiveIntegerField(default=1, help_text="Counts edits, so that a form opened before the last one is noticed.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rate_amount__gt=0), name="project_rate_above_zero"),
            models.CheckConstraint(condition=Q(target_half_days__gt=0, target_half_days__lte=800), name="project_target_in_range"),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """The text by which roles and bars name this project."""
        return f"project:{self.slug}"

    @property
    def rate(self) -> Money:
        return Money(self.rate_amount, self.rate_currency)


class Fund(models.Model):
    """A pot with a purpose and one currency. General money may go to anything; restricted money only to its purpose."""

    class Kind(models.TextChoices):
        GENERAL = "general", "General"
        RESTRICTED = "restricted", "Restricted"

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind)
    purpose = models.CharField(max_length=300)
    project = models.ForeignKey(Project, null=True, on_delete=models.PROTECT, related_name="funds")
    currency = models.CharField(max_length=3)
    account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
