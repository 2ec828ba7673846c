"""Cards that sponsors change, and refusals on public card pages. Payments themselves are one floor below, in invoices."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from funding.states import lifecycle
from sponsors.invoices.models import Payment
from sponsors.sponsorships.models import Sponsorship

CARD_CHANGE = lifecycle("change of card", created="open saved abandoned", open="saved abandoned", saved="", abandoned="saved")
"""Abandoned → saved: the page was completed at the moment in which we closed it."""


class CardChange(models.Model):
    """One visit to the page that saves a new card. `idempotency_key` is stored before the page is opened.

    `retried` is the attempt to collect what was owed, made when the card was kept. `key_at` and `next_look_at` are real time.
    """

    class State(models.TextChoices):
        CREATED = "created", gettext_lazy("Not opened yet")
        OPEN = "open", gettext_lazy("Waiting for the card")
        SAVED = "saved", gettext_lazy("Saved")
        ABANDONED = "abandoned", gettext_lazy("Not completed")

    UNDECIDED = (State.CREATED, State.OPEN)

    ref = models.CharField(max_length=20, unique=True)
    sponsorship = models.ForeignKey(Sponsorship, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.CREATED)
    idempotency_key = models.CharField(max_length=100, unique=True)
    key_at = models.DateTimeField()
    checkout_id = models.CharField(max_length=255, blank=True)
    card_label = models.CharField(max_length=60, blank=True)
    retried = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    looks = models.PositiveSmallIntegerField(default=0)
    next_look_at = models.DateTimeField()
    trouble = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["sponsorship"], condition=Q(state__in=["created", "open"]), name="card_change_one_open_a_sponsorship"
            ),
            models.UniqueConstraint(fields=["checkout_id"], condition=~Q(checkout_id=""), name="card_change_checkout_once"),
        ]
        indexes = [models.Index(fields=["next_look_at"], condition=Q(state__in=["created", "open"]), name="card_change_open")]

    def __str__(self) -> str:
        return self.ref


class ForgottenCard(models.Model):
    """A saved card that nobody is to charge again. It stays until the processor has taken it from its customer; then the id goes too."""

    payment_method = models.CharField(max_length=100, unique=True)
    since = models.DateTimeField()
    next_try_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["next_try_at"])]

    def __str__(self) -> str:
        return f"card of {self.since:%Y-%m-%d}"


class Refusal(models.Model):
    """A card that was refused on a card page, as the processor told it. Real time: attackers do not follow our calendar.

    `page` is the reference of the payment or change whose page it was. Kept for a week, and then forgotten.
    """

    page = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["at"]), models.Index(fields=["page"])]

    def __str__(self) -> str:
        return f"{self.page}, {self.at}"
