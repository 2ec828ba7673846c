"""Who takes part: users sign in, parties pay and are paid, roles say who may act where.

A subject is a short text such as `host`, `project:quillon`, `committee:core` or `proposal:P-0031`. It is text and not
a foreign key because the things it names stand above this app.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funding.states import lifecycle
from funding.web import ahead, reading

HOST = "host"
MONTHS = 12
"""How far back the rules of independence look until the host says otherwise."""


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in. `is_superuser` opens the inspection admin and nothing about money or votes."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)
    unnamed = models.BooleanField(default=False, help_text="Public pages tell what this person is paid for without the name.")
    epoch = models.PositiveIntegerField(default=0, help_text="Counts up to end every session of this person.")

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def public_name(self) -> str:
        """What everybody reads where this person asks for work or is paid for it."""
        return _("Unnamed contributor") if self.unnamed else self.name

    def public_payee(self, payee: Party) -> str:
        """The same for whoever is paid for this person's work: themselves, or the organisation that they work for."""
        return self.public_name if self.unnamed and payee.kind == Party.Kind.PERSON else payee.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What every session of this person carries: another password or another epoch, and it ends."""
        return salted_hmac("funding.people.session", f"{self.password}:{self.epoch}", secret=secret, algorithm="sha256").hexdigest()


class Party(models.Model):
    """A person or an organisation that pays or is paid. Several users may act for it."""

    class Kind(models.TextChoices):
        PERSON = "person", gettext_lazy("Person")
        ORGANISATION = "organisation", gettext_lazy("Organisation")

    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=200)
    email = models.EmailField()
    country = models.CharField(max_length=2, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "parties"

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A user's tie to a party. `owner` is the person themselves or who runs the organisation; `employee` works there.

    Somebody who left keeps the row with its last day, because the tie counts for a while longer. It gives no rights: whoever
    asks what a person may do for a party asks for the rows without an `until`.
    """

    class Role(models.TextChoices):
        OWNER = "owner", gettext_lazy("Acts for it")
        EMPLOYEE = "employee", gettext_lazy("Works there")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField()
    until = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "party"], condition=Q(until=None), name="membership_once"),
            models.CheckConstraint(condition=Q(until=None) | Q(role="employee"), name="membership_owner_does_not_lapse"),
        ]


class Relation(models.Model):
    """A tie that `user` declared with `other`, or with an `address` that nobody here has yet. It counts for a while after it ended.

    Whoever was named may confirm it (by declaring it too) or contest it; it stands until somebody who is tied to neither dismisses it.
    What binds whom until then: independence.py. Its declarer is shown the address that they typed, never whose it is: nobody learns
    from a declaration who has an account.
    """

    class Kind(models.TextChoices):
        FAMILY = "family", gettext_lazy("Family or household")
        BUSINESS = "business", gettext_lazy("Business together")
        CLOSE = "close", gettext_lazy("Close recent work")
        OTHER = "other", gettext_lazy("Another tie")

    class State(models.TextChoices):
        DECLARED = "declared", gettext_lazy("Declared")
        CONTESTED = "contested", gettext_lazy("Contested")
        CONFIRMED = "confirmed", gettext_lazy("Confirmed")
        DISMISSED = "dismissed", gettext_lazy("Dismissed")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="relations")
    other = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    address = models.EmailField(blank=True)
    kind = models.CharField(max_length=40, choices=Kind)
    words = models.CharField(max_length=200, blank=True)
    declared_at = models.DateTimeField()
    until = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.DECLARED)
    contested_at = models.DateTimeField(null=True, blank=True)
    contest = models.CharField(max_length=300, blank=True)
    settled_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)
    settlement = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "other"], condition=Q(until=None) & ~Q(state="dismissed"), name="relation_once"),
            models.CheckConstraint(condition=~Q(user=F("other")), name="relation_with_somebody_else"),
            models.CheckConstraint(condition=Q(other__isnull=False) | Q(state="declared") & ~Q(address=""), name="relation_with_somebody"),
            models.CheckConstraint(
                condition=~Q(state__in=["confirmed", "dismissed"])
                | Q(settled_by__isnull=False, settled_at__isnull=False) & ~Q(settlement=""),
                name="relation_settled_by_somebody_with_reasons",
            ),
            models.CheckConstraint(
                condition=Q(state="declared") | Q(contested_at__isnull=False) & ~Q(contest=""), name="relation_contested_with_reasons"
            ),
        ]

    @property
    def ref(self) -> str:
        """What the audit log calls it: a number, so that the log tells nobody who is tied to whom."""
        return f"relation:{self.pk}"

    @property
    def shown(self) -> str:
        """With whom, as its declarer wrote it."""
        return self.address or str(self.other)

    @property
    def standing(self) -> str:
        """How it stands, in a word for a page: its state, or that it is over."""
        if self.until is not None and self.state != self.State.DISMISSED:
            return _("Over")
        return str(self.get_state_display())


class Host(models.Model):
    """The organisation that runs this installation and holds the money. There is one."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    code = models.SlugField(max_length=20, unique=True)
    currency = models.CharField(max_length=3)
    fee_basis_points = models.PositiveIntegerField(default=500)
    cooling_months = models.PositiveSmallIntegerField(default=MONTHS)
    cowork_months = models.PositiveSmallIntegerField(default=MONTHS)
    one = models.BooleanField(default=True, editable=False, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(one=True), name="host_is_one"),
            models.CheckConstraint(condition=Q(fee_basis_points__lte=5_000), name="host_fee_at_most_half"),
            models.CheckConstraint(condition=Q(cooling_months__lte=60, cowork_months__lte=60), name="host_months_in_range"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def get(cls) -> Host | None:
        """The host, or None before the first run. One object for all of one page."""
        return reading.once(cls, lambda: next(iter(ahead.rows(cls.first())), None))

    @classmethod
    def first(cls) -> models.QuerySet[Host]:
        """What `get` asks."""
        return cls.objects.select_related("party").order_by("pk")[:1]


class RoleGrant(models.Model):
    """A role over a subject from one date until another. Ended grants stay, so that old acts keep their reason."""

    class Role(models.TextChoices):
        ADMIN = "admin", gettext_lazy("Administrator")
        TREASURER = "treasurer", gettext_lazy("Treasurer")
        AUDITOR = "auditor", gettext_lazy("Auditor")
        MAINTAINER = "maintainer", gettext_lazy("Maintainer")
        CHAIR = "chair", gettext_lazy("Committee chair")
        DEPUTY = "deputy", gettext_lazy("Committee deputy")
        MEMBER = "member", gettext_lazy("Committee member")
        ALTERNATE = "alternate", gettext_lazy("Committee alternate")
        COSIGNER = "cosigner", gettext_lazy("Co-signer")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="role_grants")
    role = models.CharField(max_length=12, choices=Role)
    subject = models.CharField(max_length=120)
    since = models.DateField()
    until = models.DateField(null=True, blank=True)
    granted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "subject"], condition=Q(until=None), name="role_granted_once"),
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="role_ends_after_it_begins"),
        ]
        indexes = [models.Index(fields=["subject", "role"])]

    def covers(self, day: dt.date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


class Invitation(models.Model):
    """A role that waits for somebody without an account. It is given when they have one and the address is proven to be theirs."""

    class State(models.TextChoices):
        OPEN = "open", gettext_lazy("Invited")
        TAKEN = "taken", gettext_lazy("Taken")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")
        REFUSED = "refused", gettext_lazy("Not possible any more")

    LIFECYCLE = lifecycle("invitation", open="taken withdrawn refused", taken="", withdrawn="", refused="")

    email = models.EmailField()
    role = models.CharField(max_length=12, choices=RoleGrant.Role)
    subject = models.CharField(max_length=120)
    until = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    invited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it could not be taken.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["email", "role", "subject"], condition=Q(state="open"), name="invitation_open_once"),
        ]

    def __str__(self) -> str:
        return f"{self.email}, {self.get_role_display()}"

    @property
    def ref(self) -> str:
        return f"invitation {self.pk}"


class Bar(models.Model):
    """A person who stepped back from a subject: they see, vote on and approve nothing of it (I10)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="bars")
    subject = models.CharField(max_length=120)
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "subject"], name="barred_once")]
        indexes = [models.Index(fields=["subject"])]


class ActingChange(models.Model):
    """That somebody begins or ceases to act for an organisation, asked for by an administrator.

    It takes a second person where money waits for the organisation; otherwise it is done at once.
    """

    class State(models.TextChoices):
        ASKED = "asked", gettext_lazy("Waiting for a second person")
        DONE = "done", gettext_lazy("Done")
        DECLINED = "declined", gettext_lazy("Declined")

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    begins = models.BooleanField()
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party", "user"], condition=Q(state="asked"), name="actingchange_one_waits"),
            models.CheckConstraint(condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="actingchange_two_people"),
            models.CheckConstraint(condition=~Q(asked_by=F("user")), name="actingchange_by_somebody_else"),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.user} {'acts' if self.begins else 'no longer acts'} for {self.party}"

    @property
    def ref(self) -> str:
        return f"party:{self.party_id}"
