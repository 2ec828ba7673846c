"""Committees, panels and their records. Votes, determinations and what they reserve are written once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.funds.models import Fund
from funding.ledger.models import Reservation
from funding.money import Money
from funding.people.models import User
from grants.committee.rules import Rules
from grants.committee.scoring import MOST
from grants.proposals.models import Criterion, Proposal


class RuleFields(models.Model):
    """Committee rules as data: whole percents of the eligible, and what a tie means.

    `size`: alternates fill a panel up to this many eligible members; 0 is as many as are members when it is seated.
    `employer_limit`: at most so many members of one employer, the host apart; 0 is no limit.
    """

    class Tie(models.TextChoices):
        DEFER = "defer", gettext_lazy("A tie defers the proposal")
        DECLINE = "decline", gettext_lazy("A tie declines the proposal")

    quorum_percent = models.PositiveSmallIntegerField(default=50)
    majority_percent = models.PositiveSmallIntegerField(default=50)
    minimum_reviews = models.PositiveSmallIntegerField(default=2)
    size = models.PositiveSmallIntegerField(default=0)
    employer_limit = models.PositiveSmallIntegerField(default=0)
    tie = models.CharField(max_length=8, choices=Tie, default=Tie.DEFER)
    review_days = models.PositiveSmallIntegerField(default=14)

    class Meta:
        abstract = True

    @property
    def rules(self) -> Rules:
        return Rules(self.quorum_percent, self.majority_percent, self.minimum_reviews, self.tie, self.review_days)


def rule_limits(name: str) -> list[models.BaseConstraint]:
    """The same limits on a committee and on the copy that a panel keeps."""
    return [
        models.CheckConstraint(condition=Q(quorum_percent__lt=100), name=f"{name}_quorum_below_all"),
        models.CheckConstraint(condition=Q(majority_percent__gte=50, majority_percent__lt=100), name=f"{name}_majority_in_range"),
        models.CheckConstraint(condition=Q(minimum_reviews__lte=20), name=f"{name}_reviews_in_range"),
        models.CheckConstraint(condition=Q(size__lte=50, employer_limit__lte=50), name=f"{name}_size_in_range"),
        models.CheckConstraint(condition=Q(review_days__gte=1, review_days__lte=90), name=f"{name}_review_days_in_range"),
    ]


class Committee(RuleFields):
    """A neutral body. Who sits on it are role grants (chair, deputy, member, alternate) over `committee:<slug>`; its rules are fields."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = rule_limits("committee")

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """The text by which roles name this committee; also what the audit log calls it."""
        return f"committee:{self.slug}"

    @property
    def ref(self) -> str:
        return self.subject


class Panel(RuleFields):
    """The committee's sitting on one proposal, under the rules that were in force when it was seated."""

    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="+")
    committee = models.ForeignKey(Committee, on_delete=models.PROTECT, related_name="panels")
    opened_at = models.DateTimeField()

    class Meta:
        constraints = rule_limits("panel")

    def __str__(self) -> str:
        return self.proposal.ref

    @property
    def ref(self) -> str:
        """What the audit log calls it."""
        return self.proposal.ref


class Seat(models.Model):
    """One member's place on one panel. Nothing private opens before `clear`; a recusal is final."""

    class State(models.TextChoices):
        INVITED = "invited", gettext_lazy("To declare")
        CLEAR = "clear", gettext_lazy("No conflict")
        RECUSED = "recused", gettext_lazy("Recused")

    class Ground(models.TextChoices):
        """Why somebody stepped back, in the words of the public record."""

        BENEFITS = "benefits", gettext_lazy("Own proposal, or paid by it")
        EMPLOYER = "employer", gettext_lazy("Works with an applicant or payee")
        RELATION = "relation", gettext_lazy("Declared relation")
        COWORK = "cowork", gettext_lazy("Worked together lately")
        MAINTAINER = "maintainer", gettext_lazy("Leads the asking project, or did lately")
        BARRED = "recused", gettext_lazy("Stepped back earlier")
        DECLARED = "declared", gettext_lazy("Declared a conflict")

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="seats")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    is_chair = models.BooleanField(default=False)
    is_alternate = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.INVITED)
    seated_at = models.DateTimeField()
    declared_at = models.DateTimeField(null=True)
    ground = models.CharField(max_length=10, choices=Ground, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    automatic = models.BooleanField(default=False)

    class Meta:
        ordering = ["-is_chair", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["panel", "user"], name="seat_once"),
            models.CheckConstraint(condition=~Q(state="recused") | ~Q(ground=""), name="seat_recused_on_a_ground"),
            models.CheckConstraint(condition=Q(state="invited") | Q(declared_at__isnull=False), name="seat_declared_at"),
        ]


class Review(models.Model):
    """One member's reading of one revision. A draft is theirs alone; one that is handed in is sealed until the panel opens."""

    class Recommendation(models.TextChoices):
        FUND = "fund", gettext_lazy("Fund it")
        CHANGES = "changes", gettext_lazy("Fund it with changes")
        DECLINE = "decline", gettext_lazy("Do not fund it")

    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="reviews")
    revision = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField(default=1)
    recommendation = models.CharField(max_length=8, choices=Recommendation, blank=True)
    reasons = models.TextField(blank=True)
    notes = models.TextField(blank=True)
    saved_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["submitted_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["seat", "revision"], name="review_once_for_each_revision"),
            models.CheckConstraint(
                condition=Q(submitted_at=None) | ~Q(recommendation="") & ~Q(reasons=""), name="review_submitted_is_complete"
            ),
        ]


class Score(models.Model):
    """What a review gives one criterion: 0 to 5 points, or nothing because it does not apply; in a draft it may be open."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="scores")
    criterion = models.ForeignKey(Criterion, on_delete=models.PROTECT, related_name="+")
    points = models.PositiveSmallIntegerField(null=True)
    skipped = models.BooleanField(default=False)
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ["criterion__position"]
        constraints = [
            models.UniqueConstraint(fields=["review", "criterion"], name="score_once_for_each_criterion"),
            models.CheckConstraint(condition=Q(points=None) | Q(points__lte=MOST, skipped=False), name="score_points_or_skipped"),
        ]


class Opening(models.Model):
    """The moment in which the reviews of one revision opened to the panel. Written once; nothing is sealed again."""

    class Because(models.TextChoices):
        ALL = "all", gettext_lazy("All reviews that were asked for are in")
        DEADLINE = "deadline", gettext_lazy("The deadline passed, and enough reviews are in")

    panel = models.ForeignKey(Panel, on_delete=models.PROTECT, related_name="openings")
    revision = models.PositiveSmallIntegerField()
    because = models.CharField(max_length=8, choices=Because)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["panel", "revision"], name="opening_once_for_each_revision")]


class Excuse(models.Model):
    """A member who writes no review of one revision, and why. They keep their seat and their vote; a conflict is no excuse."""

    class Ground(models.TextChoices):
        LOAD = "load", gettext_lazy("No time for it")
        EXPERTISE = "expertise", gettext_lazy("Not my field")

    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="excuses")
    revision = models.PositiveSmallIntegerField()
    ground = models.CharField(max_length=10, choices=Ground)
    reason = models.CharField(max_length=300)
    excused_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seat", "revision"], name="excuse_once_for_each_revision")]


class Vote(models.Model):
    """One press of a vote. The last row of a seat for the present revision counts; the earlier ones stay as history."""

    class Choice(models.TextChoices):
        FOR = "for", gettext_lazy("For")
        AGAINST = "against", gettext_lazy("Against")
        ABSTAIN = "abstain", gettext_lazy("Abstain")

    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="votes")
    revision = models.PositiveSmallIntegerField()
    choice = models.CharField(max_length=8, choices=Choice)
    cast_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]


class Determination(models.Model):
    """The public record of a decision. The outcome follows from the votes; nobody types it."""

    class Outcome(models.TextChoices):
        FUNDED = "funded", gettext_lazy("Funded")
        APPROVED = "approved", gettext_lazy("Approved, waiting for money")
        DECLINED = "declined", gettext_lazy("Declined")
        DEFERRED = "deferred", gettext_lazy("Deferred")

    panel = models.OneToOneField(Panel, on_delete=models.PROTECT, related_name="determination")
    revision = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    votes_for = models.PositiveSmallIntegerField()
    votes_against = models.PositiveSmallIntegerField()
    votes_abstained = models.PositiveSmallIntegerField()
    seated = models.PositiveSmallIntegerField()
    recused = models.PositiveSmallIntegerField()
    eligible = models.PositiveSmallIntegerField()
    quorum = models.PositiveSmallIntegerField()
    reviews = models.PositiveSmallIntegerField()
    reasons = models.TextField()
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    half_days = models.PositiveSmallIntegerField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["-published_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["funded", "approved"], amount__gt=0) | ~Q(outcome__in=["funded", "approved"]) & Q(amount=0),
                name="determination_sum",
            ),
            models.CheckConstraint(condition=Q(eligible=models.F("seated") - models.F("recused")), name="determination_eligible"),
        ]

    def __str__(self) -> str:
        return f"{self.panel.proposal.ref}: {self.outcome}"

    @property
    def money(self) -> Money:
        """What was granted, or approved without money; zero otherwise."""
        return Money(self.amount, self.currency)

    @property
    def words(self) -> str:
        """The outcome as a list says it, with what became of approved work since. Reads the proposal and `later`."""
        if self.outcome != self.Outcome.APPROVED:
            return str(self.get_outcome_display())
        if self.later:
            return _("Approved, funded later")
        if self.ended:
            return _("Approved, then ended")
        return _("Approved, then withdrawn") if self.panel.proposal.state == Proposal.State.WITHDRAWN else str(self.get_outcome_display())

    @property
    def held(self) -> Money | None:
        """What was reserved for it in all, at the decision or later; None for nothing."""
        if self.outcome == self.Outcome.FUNDED:
            return self.money
        return Money(self.later.share.amount, self.currency) if self.later else None

    @property
    def later(self) -> Funding | None:
        """How approved work was funded later; None while it waits, and for every other outcome."""
        return getattr(self, "funding", None)

    @property
    def ended(self) -> Ending | None:
        """Why approved work is not waited for any more, where its committee's chair or an administrator ended it."""
        return getattr(self, "ending", None)


class DeterminationFund(models.Model):
    """How much of a determination one fund bears, and the ledger's reservation that holds it."""

    determination = models.ForeignKey(Determination, on_delete=models.PROTECT, related_name="shares")
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, related_name="+")
    reservation = models.OneToOneField(Reservation, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["determination", "fund"], name="determination_fund_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="determination_fund_above_zero"),
        ]

    @property
    def money(self) -> Money:
        return Money(self.amount, self.determination.currency)


class Funding(models.Model):
    """The money that was found later for a determination that was approved without: written once, beside the outcome.

    `half_days` were granted, `share` says from which fund and what was reserved, `available` is what that fund had just before,
    in minor units. What the fund keeps of it is the residue.
    """

    determination = models.OneToOneField(Determination, on_delete=models.PROTECT, related_name="funding")
    share = models.OneToOneField(DeterminationFund, on_delete=models.PROTECT, related_name="+")
    half_days = models.PositiveSmallIntegerField()
    available = models.BigIntegerField()
    funded_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(half_days__gt=0, available__gt=0), name="funding_above_zero")]

    @property
    def available_money(self) -> Money:
        return Money(self.available, self.determination.currency)

    @property
    def residue(self) -> Money:
        """What the fund kept of it."""
        return Money(self.available - self.share.amount, self.determination.currency)


class DeterminationRecusal(models.Model):
    """Who stepped back from the decision and on which ground, as the public record names them."""

    determination = models.ForeignKey(Determination, on_delete=models.PROTECT, related_name="recusals")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    ground = models.CharField(max_length=10, choices=Seat.Ground)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["determination", "user"], name="determination_recusal_once")]


class Letter(models.Model):
    """What the committee wrote to the applicant about a decision. Sent once, kept with the record, never changed.

    `named` are the people of the panel whom it names on purpose, as the sender confirmed.
    """

    determination = models.OneToOneField(Determination, on_delete=models.PROTECT, related_name="letter")
    body = models.TextField()
    named = models.CharField(max_length=500, blank=True)
    sent_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(body=""), name="letter_says_something")]


class Ending(models.Model):
    """Approved work that waited for money and is not waited for any more, with the reason: written once, beside the outcome."""

    determination = models.OneToOneField(Determination, on_delete=models.PROTECT, related_name="ending")
    reason = models.CharField(max_length=300)
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return _("{determination}, ended").format(determination=self.determination)
