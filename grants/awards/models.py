"""What a grantor promised, in which instalments, under which conditions. What arrived and was spent is in the ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.funds.models import Fund, Need, Project
from funding.ledger.models import Entry
from funding.money import Money
from funding.people.models import Party, User
from funding.states import lifecycle


class Award(models.Model):
    """A grant received: an agreement with its purpose, period and sum. Its fund is opened when a second person makes it active.

    `amount` is what was promised, in minor units. `written_by` wrote the terms last, `agreed_by` said that they were signed.
    `need` is the approved work that it is raised for, if it is for one, and `need_line` the name of the budget line that pays for it.
    """

    class State(models.TextChoices):
        DRAFT = "draft", gettext_lazy("Draft")
        APPLIED = "applied", gettext_lazy("Applied for")
        AGREED = "agreed", gettext_lazy("Agreed, to be checked")
        ACTIVE = "active", gettext_lazy("Active")
        CLOSED = "closed", gettext_lazy("Closed")
        DROPPED = "dropped", gettext_lazy("Dropped")

    LIFECYCLE = lifecycle(
        "award",
        draft="applied agreed dropped",
        applied="draft agreed dropped",
        agreed="draft active",
        active="closed",
        closed="",
        dropped="",
    )
    PUBLIC = frozenset({State.ACTIVE, State.CLOSED})
    WRITABLE = frozenset({State.DRAFT, State.APPLIED})

    slug = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=100)
    number = models.CharField(max_length=60)
    grantor = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    unnamed = models.BooleanField(default=False)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    purpose = models.CharField(max_length=300)
    projects = models.ManyToManyField(Project, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField()
    closeout_on = models.DateField()
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    words = models.CharField(max_length=300, blank=True)
    fund = models.OneToOneField(Fund, null=True, on_delete=models.PROTECT, related_name="+")
    need = models.ForeignKey(Need, null=True, on_delete=models.PROTECT, related_name="+")
    need_line = models.CharField(max_length=80, blank=True)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    agreed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(null=True)
    activated_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    activated_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="award_above_zero"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on"), closeout_on__gte=F("ends_on")), name="award_dates_in_order"),
            models.UniqueConstraint(fields=["grantor", "number"], name="award_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=["active", "closed"], fund__isnull=False, activated_by__isnull=False)
                | ~Q(state__in=["active", "closed"]) & Q(fund=None),
                name="award_active_has_a_fund",
            ),
            models.CheckConstraint(
                condition=Q(need=None, need_line="") | Q(need__isnull=False) & ~Q(need_line=""), name="award_need_has_a_line"
            ),
            models.CheckConstraint(
                condition=Q(activated_by=None) | ~Q(activated_by=F("agreed_by")) & ~Q(activated_by=F("written_by")), name="award_two_people"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> str:
        """What the audit log calls it."""
        return f"award:{self.slug}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def shown_grantor(self) -> str:
        """The grantor as everybody may read it."""
        return _("An unnamed grantor") if self.unnamed else self.grantor.name

    @property
    def is_public(self) -> bool:
        return self.state in self.PUBLIC

    def get_absolute_url(self) -> str:
        return reverse("awards:award", args=[self.slug])


class AwardLine(models.Model):
    """A line of the budget as it was agreed. It becomes a budget line of the fund when the award is made active."""

    award = models.ForeignKey(Award, on_delete=models.CASCADE, related_name="lines")
    name = models.CharField(max_length=80)
    amount = models.BigIntegerField()
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["award", "position"], name="award_line_position_once"),
            models.UniqueConstraint(fields=["award", "name"], name="award_line_name_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="award_line_above_zero"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def money(self) -> Money:
        return Money(self.amount, self.award.currency)


class Tranche(models.Model):
    """An instalment: what was promised for when, what triggers it, and a condition or "". What arrived of it is its entry.

    A condition that one person says is met (`claimed_…`) is met once another agrees (`met_…`). Money that arrives before is
    held as owed; `met_entry` then moves it into the fund. `claims_back`: what is claimed is that it will not be met, so that
    what arrived goes back to the grantor (`returned_…`).
    """

    class State(models.TextChoices):
        SCHEDULED = "scheduled", gettext_lazy("Expected")
        HELD = "held", gettext_lazy("Arrived, condition open")
        RECEIVED = "received", gettext_lazy("Received")
        WITHHELD = "withheld", gettext_lazy("Withheld")
        RETURNED = "returned", gettext_lazy("Given back")

    LIFECYCLE = lifecycle(
        "tranche", scheduled="held received withheld", held="received returned", received="", withheld="scheduled", returned=""
    )

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="tranches")
    position = models.PositiveSmallIntegerField()
    amount = models.BigIntegerField()
    due_on = models.DateField()
    trigger = models.CharField(max_length=200)
    condition = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.SCHEDULED)
    words = models.CharField(max_length=300, blank=True)
    arrived_on = models.DateField(null=True)
    bank_reference = models.CharField(max_length=100, blank=True)
    evidence = models.CharField(max_length=300, blank=True)
    booked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    claimed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    claim = models.CharField(max_length=300, blank=True)
    claims_back = models.BooleanField(default=False)
    met_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    met_at = models.DateTimeField(null=True)
    met_entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")
    returned_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    returned_entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["award_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["award", "position"], name="tranche_position_once"),
            models.UniqueConstraint(fields=["bank_reference"], condition=~Q(bank_reference=""), name="tranche_bank_reference_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="tranche_above_zero"),
            models.CheckConstraint(
                condition=Q(state__in=["held", "received", "returned"], entry__isnull=False)
                | ~Q(state__in=["held", "received", "returned"]) & Q(entry=None),
                name="tranche_booked_when_it_arrived",
            ),
            models.CheckConstraint(condition=Q(met_by=None) | ~Q(met_by=F("claimed_by")), name="tranche_condition_two_people"),
            models.CheckConstraint(condition=Q(returned_by=None) | ~Q(returned_by=F("claimed_by")), name="tranche_returned_two_people"),
            models.CheckConstraint(
                condition=Q(state="returned", returned_by__isnull=False, returned_entry__isnull=False)
                | ~Q(state="returned") & Q(returned_by=None, returned_entry=None),
                name="tranche_returned_is_booked",
            ),
            models.CheckConstraint(
                condition=Q(condition="") | ~Q(state="received") | Q(met_by__isnull=False), name="tranche_condition_first"
            ),
        ]

    def __str__(self) -> str:
        return _("Tranche {number} of {award}").format(number=self.number, award=self.award)

    @property
    def ref(self) -> str:
        """What the audit log calls it."""
        return f"{self.award.ref}:{self.number}"

    @property
    def number(self) -> int:
        return self.position + 1

    @property
    def money(self) -> Money:
        """What was promised."""
        return Money(self.amount, self.award.currency)

    @property
    def is_open(self) -> bool:
        """True while its condition has to be met."""
        return bool(self.condition) and self.met_at is None and self.state != self.State.RETURNED


class Asked(models.Model):
    """What one person asks for and another agrees to. `answer` says why it was not done; `entry` is what it wrote in the books."""

    class State(models.TextChoices):
        ASKED = "asked", gettext_lazy("Waiting for somebody else")
        DONE = "done", gettext_lazy("Done")
        REFUSED = "refused", gettext_lazy("Not done")

    LIFECYCLE = lifecycle("request", asked="done refused", done="", refused="")

    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=7, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True)
    entry = models.OneToOneField(Entry, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="%(class)s_above_zero"),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by=None, decided_at=None)
                | ~Q(state="asked") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="%(class)s_decided",
            ),
            models.CheckConstraint(condition=~Q(state="done") | ~Q(decided_by=F("asked_by")), name="%(class)s_two_people"),
        ]


class GivingBack(Asked):
    """Money of an award that was not spent and goes back to its grantor. `bank_reference` names the bank's payment."""

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="given_back")
    amount = models.BigIntegerField()
    bank_reference = models.CharField(max_length=100)

    class Meta(Asked.Meta):
        constraints = [
            *Asked.Meta.constraints,
            models.CheckConstraint(
                condition=Q(state="done", entry__isnull=False) | ~Q(state="done") & Q(entry=None), name="givingback_is_booked"
            ),
            models.UniqueConstraint(fields=["award"], condition=Q(state="asked"), name="givingback_one_at_a_time"),
            models.UniqueConstraint(fields=["bank_reference"], condition=~Q(state="refused"), name="givingback_bank_reference_once"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """What the audit log and the books call it."""
        return f"GB-{self.pk:04d}"

    @property
    def money(self) -> Money:
        return Money(self.amount, self.award.currency)


class Correction(Asked):
    """A tranche that was booked wrongly: what is right (`amount` to `evidence`), and what stood there before (`was_…`).

    `entry` is the fresh entry, where the books were wrong too; None where only the words were.
    """

    tranche = models.ForeignKey(Tranche, on_delete=models.PROTECT, related_name="corrections")
    amount = models.BigIntegerField()
    arrived_on = models.DateField()
    bank_reference = models.CharField(max_length=100)
    evidence = models.CharField(max_length=300)
    was_amount = models.BigIntegerField()
    was_arrived_on = models.DateField()
    was_bank_reference = models.CharField(max_length=100)
    was_evidence = models.CharField(max_length=300)

    class Meta(Asked.Meta):
        constraints = [
            *Asked.Meta.constraints,
            models.UniqueConstraint(fields=["tranche"], condition=Q(state="asked"), name="correction_one_at_a_time"),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(entry__isnull=False) | Q(amount=F("was_amount"), arrived_on=F("was_arrived_on")),
                name="correction_is_booked",
            ),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        """What the audit log calls it."""
        return f"{self.tranche.ref}:correction-{self.pk}"

    @property
    def money(self) -> Money:
        """What is right."""
        return Money(self.amount, self.tranche.award.currency)

    @property
    def was(self) -> Money:
        return Money(self.was_amount, self.tranche.award.currency)

    @property
    def words(self) -> str:
        """What changes, each thing with what stood there before."""
        pairs = [
            (_("sum {right} instead of {was}"), self.was, self.money),
            (_("day {right} instead of {was}"), self.was_arrived_on.isoformat(), self.arrived_on.isoformat()),
            (_("bank reference {right} instead of {was}"), self.was_bank_reference, self.bank_reference),
            (_("evidence {right} instead of {was}"), self.was_evidence, self.evidence),
        ]
        return ", ".join(words.format(right=right, was=was) for words, was, right in pairs if was != right)
