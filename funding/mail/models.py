from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from funding.people.models import User
from funding.states import lifecycle


class Message(models.Model):
    """A mail that has been promised. It is written in the transaction of the fact that it tells, and sent after it.

    `key` names that fact; a second mail with the same key is the same mail. `about` is the subject (`proposal:P-0001`) from
    which its reader may step back before it is sent; "" for everything else.
    """

    class State(models.TextChoices):
        QUEUED = "queued", gettext_lazy("Queued")
        SENT = "sent", gettext_lazy("Sent")
        PARKED = "parked", gettext_lazy("Could not be sent")
        GIVEN_UP = "given_up", gettext_lazy("Given up")
        DROPPED = "dropped", gettext_lazy("Not sent: its reader stepped back")

    LIFECYCLE = lifecycle("mail", queued="sent parked given_up dropped", sent="", parked="queued given_up dropped", given_up="", dropped="")

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200, unique=True)
    to = models.EmailField()
    about = models.CharField(max_length=120, blank=True)
    subject = models.CharField(max_length=250)
    body = models.TextField()
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="queued"), name="mail_due"),
            models.Index(fields=["id"], condition=Q(state="parked"), name="mail_parked"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def ref(self) -> str:
        """What the audit log calls it: never its subject, which is for its reader."""
        return f"mail:{self.pk}"


class Probe(models.Model):
    """A mail with a code that somebody sent to themselves. Typing the code in shows that mail arrives; being handed over does not."""

    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=6)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.ref

    @property
    def ref(self) -> str:
        return f"mail probe {self.pk}"
