from __future__ import annotations

import datetime as dt

from django.db import models


class Pulse(models.Model):
    """When a scheduled task last began, finished and failed: one row for each, so that silence can be seen.

    `known_at` is when the task was first met in the schedule: one that is younger than its turn is not silent.
    Real time: the schedule does not follow the demo's calendar.
    """

    task = models.CharField(max_length=120, primary_key=True)
    known_at = models.DateTimeField(null=True)
    began_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)
    alarmed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.task

    @property
    def failing(self) -> bool:
        """The last run that ended was a failure."""
        return self.failed_at is not None and (self.finished_at is None or self.finished_at < self.failed_at)

    def silent_for(self, now: dt.datetime) -> dt.timedelta | None:
        """Since when nothing of it has finished, or since it is known where nothing ever did; None when that is not known either."""
        since = self.finished_at or self.known_at
        return None if since is None else now - since
