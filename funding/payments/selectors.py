"""What the inbox page shows."""

from __future__ import annotations

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from funding.payments.models import Difference, InboxEvent
from funding.web.attention import Act, Found, Item

PAGE = 50


def counts() -> list[tuple[str, str, int]]:
    """Each state with its label and how many events are in it: one query."""
    found = dict(InboxEvent.objects.order_by().values_list("state").annotate(Count("pk")))
    return [(state.value, str(state.label), found.get(state.value, 0)) for state in InboxEvent.State]


def events(*, state: str = "", before: int | None = None) -> tuple[list[InboxEvent], int | None]:
    """A screenful, newest first, without payloads; and the id before which the next screenful begins, if there is one."""
    found = InboxEvent.objects.defer("payload").order_by("-pk")
    if state in InboxEvent.State.values:
        found = found.filter(state=state)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: PAGE + 1])
    return rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None


def parked(limit: int) -> Found:
    """Events that were tried for hours and wait for a person, the oldest first."""
    found = InboxEvent.objects.defer("payload").filter(state=InboxEvent.State.PARKED).order_by("pk")
    items = [
        Item(
            what=_("{event} about {thing}").format(event=event.type, thing=event.reference or event.object_id),
            since=event.received_at,
            why=event.error,
            acts=(
                Act(_("Try again"), reverse("payments:inbox-replay", args=[event.pk])),
                Act(_("Put aside"), reverse("payments:inbox-close", args=[event.pk])),
            ),
        )
        for event in found[:limit]
    ]
    return Found(items, found.count())


def differences(*, state: str = "", before: int | None = None) -> tuple[list[Difference], int | None]:
    """A screenful of the differences in this state (open unless told), newest first; and where the next screenful begins."""
    found = Difference.objects.select_related("line", "closed_by").order_by("-pk")
    found = found.filter(state=state if state in Difference.State.values else Difference.State.OPEN)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: PAGE + 1])
    return rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None


def open_differences(limit: int) -> Found:
    """What the processor and the books do not agree on, the oldest first."""
    found = Difference.objects.filter(state=Difference.State.OPEN).select_related("line").order_by("pk")
    items = [
        Item(
            what=str(row.about),
            since=row.opened_at,
            why=_("{reason}: {there} there, {here} here.").format(
                reason=row.get_reason_display(), there=row.processor_money, here=row.books_money
            ),
            acts=(Act(_("Explain"), reverse("payments:difference-explain", args=[row.pk])),),
        )
        for row in found[:limit]
    ]
    return Found(items, found.count())
