"""What a transfer about ("work", id) was for: who worked on which half day on what. Work that was paid is public, its worker's name
where they did not choose to be unnamed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from funding.funds.sources import Label
from funding.people.roles import Viewer
from funding.web import ahead
from funding.web.ahead import Question
from grants.timesheets.models import WorkEntry


def describe(ids: Iterable[int], viewer: Viewer) -> Mapping[int, Label]:
    """One query for any number of half days."""
    return {
        entry.pk: Label(
            text=f"{entry.worker.public_name}, {entry.when}: {entry.note}",
            url=f"/projects/{entry.engagement.project.slug}/",
            half_days=1,
            project=entry.engagement.project.name,
        )
        for entry in ahead.rows(_entries(ids))
    }


def asks(ids: Iterable[int], viewer: Viewer) -> list[Question]:
    return [_entries(ids)]


def _entries(ids: Iterable[int]) -> QuerySet[WorkEntry]:
    return WorkEntry.objects.filter(pk__in=list(ids)).select_related("worker", "engagement__project")
