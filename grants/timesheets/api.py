"""Half days: read those of the engagements that you may see, log and withdraw your own."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_noop
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response

from funding import clock
from funding.api.fields import Address, DaysField, Line, MoneyField, Out
from funding.api.views import Base, Resource, Route, writes
from funding.days import SLOT_NAMES
from grants.engagements import policies, refs
from grants.engagements.models import Engagement
from grants.timesheets import progress, selectors, services
from grants.timesheets.models import WorkEntry

MOST_CELLS = 62
EARLIEST = 2000


class DayOut(Out):
    """`state` is where the half day stands with whoever approves it; the instants say how far its money has come."""

    ref = serializers.CharField()
    date = serializers.DateField()
    slot = serializers.ChoiceField(choices=WorkEntry.Slot.choices)
    engagement = serializers.CharField(source="engagement.ref")
    project = serializers.CharField(source="engagement.project.slug")
    worker = serializers.CharField(source="worker.name")
    note = serializers.CharField()
    evidence_url = serializers.CharField()
    state = serializers.ChoiceField(choices=WorkEntry.State.choices)
    amount = MoneyField()
    reason = serializers.CharField(help_text="Why it was returned.")
    logged_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    in_run_at = serializers.SerializerMethodField()
    sent_at = serializers.SerializerMethodField()
    confirmed_at = serializers.SerializerMethodField()
    url = Address("api:day-detail", "ref")
    page = Address("timesheets:entry", "ref")

    def get_in_run_at(self, row: Any) -> dt.datetime | None:
        return row.payment.in_run_at if row.payment else None

    def get_sent_at(self, row: Any) -> dt.datetime | None:
        return row.payment.sent_at if row.payment else None

    def get_confirmed_at(self, row: Any) -> dt.datetime | None:
        return row.payment.confirmed_at if row.payment else None


class Cell(serializers.Serializer):
    date = serializers.DateField()
    slot = serializers.ChoiceField(choices=list(SLOT_NAMES.items()), help_text="am or pm")


class LogIn(serializers.Serializer):
    engagement = serializers.CharField(max_length=20, help_text="Such as E-0001.")
    cells = Cell(many=True, allow_empty=False, max_length=MOST_CELLS, help_text="All are logged or none.")
    note = Line(max_length=services.NOTE_LENGTH, help_text="What you worked on, in public beside the day.")
    evidence_url = serializers.CharField(max_length=500, required=False, allow_blank=True, default="", help_text="Where it can be seen.")


class Days(Resource):
    """Half days of your own, and of every engagement that you may see, newest first."""

    title = gettext_noop("Days")
    signed_in = True
    serializer_class = DayOut
    lookup_field = "ref"
    filters: ClassVar = {"state": "state", "project": "engagement__project__slug"}

    def get_queryset(self) -> QuerySet[Any]:
        rows = WorkEntry.objects.select_related("engagement__project", "worker")
        return rows.filter(engagement__in=policies.visible(self.request.user))

    def find(self, key: str) -> Any:
        found = self.get_queryset().filter(pk=refs.number(key, "W") or 0).first()
        if found is None:
            raise Http404
        return self.prepare([found])[0]

    def prepare(self, rows: list[Any]) -> list[Any]:
        payments = progress.payments(rows)
        for row in rows:
            row.payment = payments.get(row.pk)
        return rows

    @extend_schema(request=LogIn, responses={201: DayOut(many=True)})
    @writes("days:write")
    def create(self, request: Any) -> Response:
        """Log half days of one engagement: a morning, a week, a month. All of them or none."""
        data = self.sent(LogIn)
        engagement = self.engagement(data["engagement"])
        entries = services.log(
            actor=request.user,
            engagement=engagement,
            cells=[(cell["date"], cell["slot"]) for cell in data["cells"]],
            note=data["note"],
            evidence_url=data["evidence_url"],
        )
        return Response(self.get_serializer(self.prepare(entries), many=True).data, status=201)

    def engagement(self, ref: str) -> Engagement:
        found = policies.visible(self.request.user).filter(pk=refs.number(ref, "E") or 0).first()
        if found is None:
            raise serializers.ValidationError({"engagement": ["You have no engagement with this reference."]})
        return found

    @extend_schema(request=None, responses={200: DayOut})
    @action(detail=True, methods=["post"])
    @writes("days:write")
    def withdraw(self, request: Any, ref: str) -> Response:
        """Take back a half day that nobody has approved. Its slot is free again, so that it can be logged otherwise."""
        entry = self.get_object()
        services.withdraw(actor=request.user, entry=entry)
        return self.read(self.find(ref))


class SlotOut(Out):
    date = serializers.DateField(source="day")
    slot = serializers.CharField()
    free = serializers.BooleanField()
    why = serializers.CharField(help_text="Why it cannot be logged; empty when it can.")
    day = serializers.CharField(source="entry.ref", allow_null=True, default=None, help_text="What takes it.")


class WeekOut(Out):
    monday = serializers.DateField()
    engagement = serializers.CharField(allow_null=True, help_text="Your oldest active one, unless you name another.")
    days_left = DaysField(source="left", help_text="Under the cap, counting what waits for approval.")
    slots = SlotOut(many=True)


class Timesheets(Base):
    """Your week, half day by half day: what is taken, what is free, and what is left under the cap."""

    title = gettext_noop("Timesheets")
    signed_in = True
    serializer_class = WeekOut
    lookup_field = "date"

    @extend_schema(
        responses=WeekOut,
        parameters=[
            OpenApiParameter("date", OpenApiTypes.DATE, OpenApiParameter.PATH, description="Any day of the week."),
            OpenApiParameter("engagement", OpenApiTypes.STR, OpenApiParameter.QUERY, description="One of your active ones."),
        ],
    )
    def retrieve(self, request: Any, date: str) -> Response:
        """Your week, half day by half day: what is taken, what is free, and what is left under the cap."""
        try:
            monday = selectors.monday(dt.date.fromisoformat(date))
        except (ValueError, OverflowError):
            raise Http404 from None
        if not EARLIEST <= monday.year <= clock.today().year + 1:
            raise Http404
        engagement = self.engagement(request)
        left = selectors.usage(engagement).left if engagement else 0
        week = selectors.week(request.user, engagement, monday, clock.today())
        slots = [slot for _, slots in week for slot in slots]
        found = {"monday": monday, "engagement": engagement.ref if engagement else None, "left": left, "slots": slots}
        return Response(WeekOut(found).data)

    def engagement(self, request: Any) -> Engagement | None:
        active = list(Engagement.objects.filter(worker=request.user, state=Engagement.State.ACTIVE).order_by("pk"))
        if "engagement" not in request.query_params:
            return active[0] if active else None
        for found in active:
            if found.ref == request.query_params["engagement"]:
                return found
        raise serializers.ValidationError({"engagement": ["You have no active engagement with this reference."]})


routes = [Route("days", Days, "day"), Route("timesheets", Timesheets, "timesheet")]
