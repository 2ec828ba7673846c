from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from funding.people.models import Party
from funding.states import lifecycle


class Customer(models.Model):
    """A party as the processor's customer. `key`, `name` and `email` are stored before the call, so that a repeat is the same call."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="+")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField()
    processor_id = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["processor_id"], condition=~Q(processor_id=""), name="customer_processor_id_once")]

    def __str__(self) -> str:
        return self.processor_id or f"customer of {self.name}"


class ConnectedAccount(models.Model):
    """A party's account at the processor, to which payouts go. `account_id` is empty until the processor has made it.

    Whether it can receive is the processor's word, read again on each `account.updated`.
    """

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="+")
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField()
    account_id = models.CharField(max_length=255, blank=True)
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)
    payouts_enabled = models.BooleanField(default=False)
    details_submitted = models.BooleanField(default=False)
    requirements = models.JSONField(default=list)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account_id"], condition=~Q(account_id=""), name="connected_account_id_once"),
            models.CheckConstraint(condition=Q(payouts_enabled=False) | ~Q(account_id=""), name="connected_account_before_it_receives"),
        ]

    def __str__(self) -> str:
        return self.account_id or f"account of {self.name}"


class InboxEvent(models.Model):
    """News from the processor, stored once before anything is done about it. The payload is never acted on; its object is read again.

    `next_try_at` is real time, because the processor does not follow our calendar.
    """

    class State(models.TextChoices):
        RECEIVED = "received", "Waiting"
        DONE = "done", "Done"
        IGNORED = "ignored", "Ignored"
        PARKED = "parked", "Parked"

    LIFECYCLE = lifecycle("event", received="done ignored parked", done="received", ignored="received", parked="received ignored")

    event_id = models.CharField(max_length=255, unique=True)
    type = models.CharField(max_length=100)
    object_id = models.CharField(max_length=255)
    kind = models.CharField(max_length=60, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    payload = models.BinaryField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField()
    error = models.TextField(blank=True)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(state="received"), name="inbox_due"),
            models.Index(fields=["state", "-id"], name="inbox_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"

    @property
    def ref(self) -> str:
        return self.event_id
