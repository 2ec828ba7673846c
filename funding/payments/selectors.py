"""What the inbox page shows."""

from __future__ import annotations

from django.db.models import Count

from funding.payments.models import InboxEvent

PAGE = 50


def counts() -> list[tuple[str, str, int]]:
    """Each state with its label and how many events are in it: one query."""
    found = dict(InboxEvent.objects.order_by().values_list("state").annotate(Count("pk")))
    return [(state.value, state.label, found.get(state.value, 0)) for state in InboxEvent.State]


def events(*, state: str = "", before: int | None = None) -> tuple[list[InboxEvent], int | None]:
    """A screenful, newest first, without payloads; and the id before which the next screenful begins, if there is one."""
    found = InboxEvent.objects.defer("payload").order_by("-pk")
    if state in InboxEvent.State.values:
        found = found.filter(state=state)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: PAGE + 1])
    return rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None
