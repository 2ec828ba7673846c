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

HOST = "host"


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

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]


class Party(models.Model):
    """A person or an organisation that pays or is paid. Several users may act for it."""

    class Kind(models.TextChoices):
        PERSON = "person", "Person"
        ORGANISATION = "organisation", "Organisation"

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
    """A user's tie to a party. `owner` is the person themselves or who runs the organisation; `employee` works there."""

    class Role(models.TextChoices):
        OWNER = "owner", "Acts for it"
        EMPLOYEE = "employee", "Works there"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    party = models.ForeignKey(Party, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "party"], name="membership_once")]


class Relation(models.Model):
    """A tie that somebody declared: family, business, close recent work. It counts in both directions."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="relations")
    other = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    declared_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "other"], name="relation_once"),
            models.CheckConstraint(condition=~Q(user=F("other")), name="relation_with_somebody_else"),
        ]


class Host(models.Model):
    """The organisation that runs this installation and holds the money. There is one."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    code = models.SlugField(max_length=20, unique=True)
    currency = models.CharField(max_length=3)
    fee_basis_points = models.PositiveIntegerField(default=500)
    one = models.BooleanField(default=True, editable=False, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(one=True), name="host_is_one"),
            models.CheckConstraint(condition=Q(fee_basis_points__lte=5_000), name="host_fee_at_most_half"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def get(cls) -> Host | None:
        """The host, or None before the first run."""
        return cls.objects.select_related("party").first()


class RoleGrant(models.Model):
    """A role over a subject from one date until another. Ended grants stay, so that old acts keep their reason."""

    class Role(models.TextChoices):
        ADMIN = "admin", "Administrator"
        TREASURER = "treasurer", "Treasurer"
        AUDITOR = "auditor", "Auditor"
        MAINTAINER = "maintainer", "Maintainer"
        CHAIR = "chair", "Committee chair"
        MEMBER = "member", "Committee member"

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


class Bar(models.Model):
    """A person who stepped back from a subject: they see, vote on and approve nothing of it (I10)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="bars")
    subject = models.CharField(max_length=120)
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "subject"], name="barred_once")]
        indexes = [models.Index(fields=["subject"])]
