"""Calls, proposals and their revisions. Who decides stands above this app; a call names its committee as text."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from funding import days
from funding.funds.models import Fund, Project
from funding.money import Money
from funding.people.models import Party, User


class Call(models.Model):
    """What the committee asks for, from which funds, and how many days at most at which rate."""

    class Kind(models.TextChoices):
        ROLLING = "rolling", gettext_lazy("Rolling: open until it is closed")
        DATED = "dated", gettext_lazy("Dated: closes at an announced time")

    class State(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        OPEN = "open", gettext_lazy("Open")
        CLOSED = "closed", gettext_lazy("Closed")

    slug = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=120)
    brief = models.TextField(blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.ROLLING)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField(null=True)
    committee = models.SlugField(max_length=40)
    currency = models.CharField(max_length=3)
    max_half_days = models.PositiveSmallIntegerField()
    max_rate = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    funds = models.ManyToManyField(Fund, through="CallFund", related_name="+")

    class Meta:
        ordering = ["title"]
        constraints = [
            models.CheckConstraint(condition=Q(max_half_days__gt=0, max_half_days__lte=days.MAX_HALF_DAYS), name="call_days_in_range"),
            models.CheckConstraint(condition=Q(max_rate__gt=0), name="call_rate_above_zero"),
            models.CheckConstraint(
                condition=Q(kind="rolling", closes_at=None) | Q(kind="dated", closes_at__gt=F("opens_at")), name="call_dated_closes"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> str:
        """What the audit log calls it."""
        return f"call:{self.slug}"

    @property
    def committee_subject(self) -> str:
        """The text by which roles name the committee that decides."""
        return f"committee:{self.committee}"

    @property
    def rate_cap(self) -> Money:
        return Money(self.max_rate, self.currency)


class CallFund(models.Model):
    """One fund that a call may draw on. `order` is the order of spending among funds that are equally restricted."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="call_funds")
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="+")
    order = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["call", "fund"], name="call_names_a_fund_once"),
            models.UniqueConstraint(fields=["call", "order"], name="call_fund_order", deferrable=models.Deferrable.DEFERRED),
        ]


class Criterion(models.Model):
    """One thing by which the proposals of a call are judged. The weights of a call's criteria sum to 100 (services/rubric.py).

    `anchors` says in words what each step of the scale means: six texts, for 0 to 5.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="criteria")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=60)
    asks = models.CharField(max_length=200)
    weight = models.PositiveSmallIntegerField()
    anchors = models.JSONField()
    may_skip = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["call", "position"], name="criterion_position_once"),
            models.UniqueConstraint(fields=["call", "name"], name="criterion_name_once"),
            models.CheckConstraint(condition=Q(weight__gte=1, weight__lte=100), name="criterion_weight_in_range"),
        ]

    def __str__(self) -> str:
        return self.name


class Proposal(models.Model):
    """Days at a day rate for one project. A draft belongs to its applicant; what the committee reads is its last revision.

    `rate_amount` is the applicant's approved rate at the moment of submission; None until then.
    """

    class State(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        SUBMITTED = "submitted", gettext_lazy("With the committee")
        FUNDED = "funded", gettext_lazy("Funded")
        APPROVED = "approved", gettext_lazy("Approved, waiting for money")
        DECLINED = "declined", gettext_lazy("Declined")
        DEFERRED = "deferred", gettext_lazy("Deferred")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")

    DECIDED = frozenset({State.FUNDED, State.APPROVED, State.DECLINED, State.DEFERRED})

    ref = models.CharField(max_length=20, unique=True)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="proposals")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    payee = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=120)
    story = models.TextField(blank=True)
    outcome = models.TextField(blank=True)
    half_days = models.PositiveSmallIntegerField(null=True)
    rate_amount = models.BigIntegerField(null=True)
    rate_currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"])
                | Q(half_days__gt=0, rate_amount__gt=0, submitted_at__isnull=False) & ~Q(story="") & ~Q(outcome=""),
                name="proposal_submitted_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["funded", "approved", "declined", "deferred", "withdrawn"]) | Q(decided_at=None),
                name="proposal_decided_at",
            ),
        ]
        indexes = [models.Index(fields=["applicant", "state"])]

    def __str__(self) -> str:
        return self.ref

    @property
    def public_payee(self) -> str:
        """Who would be paid, as everybody reads it."""
        return self.applicant.public_payee(self.payee)

    @property
    def subject(self) -> str:
        """The text by which bars name this proposal."""
        return f"proposal:{self.ref}"

    @property
    def rate(self) -> Money:
        """The day rate that was agreed at submission. A draft that was never submitted has none: ask `rate_amount` first."""
        if self.rate_amount is None:
            raise ValueError(f"{self.ref} has no rate before it is submitted")
        return Money(self.rate_amount, self.rate_currency)

    @property
    def price(self) -> Money:
        """What it asks for: its days at its rate. Like `rate`, only once it is submitted."""
        return days.price(self.half_days or 0, self.rate)


class Revision(models.Model):
    """What was submitted, as it was submitted: number 1, then one more each time. Never changed (funding/appendonly.py)."""

    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveSmallIntegerField()
    project_name = models.CharField(max_length=80)
    payee_name = models.CharField(max_length=200)
    title = models.CharField(max_length=120)
    story = models.TextField()
    outcome = models.TextField()
    half_days = models.PositiveSmallIntegerField()
    rate_amount = models.BigIntegerField()
    rate_currency = models.CharField(max_length=3)
    submitted_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["proposal", "number"], name="revision_number_once")]

    @property
    def rate(self) -> Money:
        return Money(self.rate_amount, self.rate_currency)

    @property
    def price(self) -> Money:
        return days.price(self.half_days, self.rate)
