from __future__ import annotations

from django.db import models
from django.db.models import Q


class Message(models.Model):
    """A mail that has been promised. It is written in the transaction of the fact that it tells, and sent after it.

    `key` names that fact; a second mail with the same key is the same mail.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENT = "sent", "Sent"
        PARKED = "parked", "Could not be sent"

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200, unique=True)
    to = models.EmailField()
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
        indexes = [models.Index(fields=["next_try_at"], condition=Q(state="queued"), name="mail_due")]
