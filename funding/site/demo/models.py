from __future__ import annotations

import datetime as dt

from django.db import models

from funding.people.models import User


class Calendar(models.Model):
    """How far the demo's business time is from real time, and how far its story has come. One row; none before it begins."""

    one = models.BooleanField(primary_key=True, default=True, editable=False)
    offset_seconds = models.BigIntegerField(default=0)
    began_on = models.DateField(null=True, help_text="The first day of the story.")
    loaded_at = models.DateTimeField(null=True, help_text="When the story had been told, in real time.")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(one=True), name="calendar_is_one")]

    @property
    def offset(self) -> dt.timedelta:
        return dt.timedelta(seconds=self.offset_seconds)


class Person(models.Model):
    """Somebody whom the visitor of a demo may become without a password. No other account can be entered that way."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    part = models.CharField(max_length=120, help_text="What they do here, in a few words.")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return f"{self.user}: {self.part}"
