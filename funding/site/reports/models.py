"""What `verify_books` found, each time. The page /books/verify/ shows the last of them; nobody rewrites what one of them said."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q


class Verification(models.Model):
    """One run over the books. Written once.

    `whole` is False for a run over some of the invariants. `results` has for each its code, the sentence that was checked, what was
    looked at, at most `KEPT` problems and how many there were. `began_at` is business time, for the schedule; `ran_at` is real time.
    `last_entry` and `seal` are what the books had come to: the number of the newest entry, and the newest seal with its day.
    """

    KEPT = 50

    began_at = models.DateTimeField()
    ran_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    whole = models.BooleanField()
    holds = models.BooleanField()
    results = models.JSONField()
    last_entry = models.BigIntegerField(null=True)
    seal_day = models.DateField(null=True)
    seal = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(seal="", seal_day=None) | ~Q(seal="") & Q(seal_day__isnull=False), name="verification_seal_has_its_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.began_at:%Y-%m-%d %H:%M}"

    @property
    def took(self) -> dt.timedelta:
        return dt.timedelta(milliseconds=self.milliseconds)

    @property
    def broken(self) -> list[str]:
        """The codes of the invariants that did not hold."""
        return [result["code"] for result in self.results if result["count"]]
