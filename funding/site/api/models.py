from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from knox.models import AbstractAuthToken

from funding.people.models import User


class Token(AbstractAuthToken):
    """A person's key for programs: it acts as them, within its scopes, until it expires or is revoked. Only its hash is kept.

    Times are real, as those of sign-in. `factor_shown`: its person had just shown a second factor. Without it the token does nothing
    for somebody who holds a role, also one that was given later.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    scopes = ArrayField(models.CharField(max_length=30))
    factor_shown = models.BooleanField(default=False)
    used_on = models.DateField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created"]
        constraints = [models.CheckConstraint(condition=models.Q(expiry__isnull=False), name="token_expires")]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        """What the audit log calls it: its first letters, which open nothing."""
        return f"token:{self.token_key}"

    @property
    def works(self) -> bool:
        return self.revoked_at is None and self.expiry is not None and self.expiry > timezone.now()
