from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy

from funding.audit.words import words


class Record(models.Model):
    """One act of one person, done or refused. Rows are never changed; the database holds that (funding/appendonly.py)."""

    DONE, REFUSED = "done", "refused"
    OUTCOMES = ((DONE, gettext_lazy("Done")), (REFUSED, gettext_lazy("Refused")))

    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_label = models.CharField(max_length=200)
    act = models.CharField(max_length=80)
    subject = models.CharField(max_length=120, blank=True)
    outcome = models.CharField(max_length=8, choices=OUTCOMES)
    rule = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject", "at"]), models.Index(fields=["actor_id", "at"])]
        ordering = ["-id"]

    @property
    def words(self) -> str:
        """What was done, for a page: `Approve days`."""
        return words(self.act)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_label} {self.act} {self.subject} {self.outcome}"
