from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy

from funding.people.models import User


class Calendar(models.Model):
    """How far the demo's business time is from real time, and how far its story has come. One row; none before it begins.

    While somebody waits for the calendar, `moving_since` is the instant (business time) from which it moves and `moving_to` the
    day on which it stops; afterwards `moving_to` is empty again, and `trouble` names the tasks that failed on the way.
    """

    one = models.BooleanField(primary_key=True, default=True, editable=False)
    offset_seconds = models.BigIntegerField(default=0)
    began_on = models.DateField(null=True, help_text="The first day of the story.")
    told_to = models.DateField(null=True, help_text="The day that was the present when the story began to be told.")
    loaded_at = models.DateTimeField(null=True, help_text="When the story had been told, in real time.")
    moving_since = models.DateTimeField(null=True)
    moving_to = models.DateField(null=True)
    trouble = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(one=True), name="calendar_is_one"),
            models.CheckConstraint(condition=Q(moving_to=None) | Q(moving_since__isnull=False), name="calendar_moves_from_somewhere"),
        ]

    @property
    def offset(self) -> dt.timedelta:
        return dt.timedelta(seconds=self.offset_seconds)

    @property
    def telling(self) -> bool:
        """Whether the story is being told, or was interrupted."""
        return self.began_on is not None and self.loaded_at is None


class Person(models.Model):
    """Somebody whom the visitor of a demo may become without a password. No other account can be entered that way.

    Those in a group are offered on every page; the others are found on the page that searches.
    """

    class Group(models.TextChoices):
        HOST = "host", gettext_lazy("Run the host")
        PROJECT = "project", gettext_lazy("Work for a project")
        COMMITTEE = "committee", gettext_lazy("Decide")
        SPONSOR = "sponsor", gettext_lazy("Pay")

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    part = models.CharField(max_length=120, help_text="What they do here, in a few words.")
    group = models.CharField(max_length=10, choices=Group, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return f"{self.user}: {self.part}"
