"""A project's months, as its public reports show them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from funding.api.fields import DaysField, MoneyField, Out
from funding.api.views import Base, Route
from funding.site.reports.views import report

PROJECT = OpenApiParameter("project", OpenApiTypes.STR, OpenApiParameter.PATH)


class InflowOut(Out):
    on = serializers.DateField()
    entry = serializers.IntegerField()
    sponsor = serializers.CharField(source="label.text")
    gross = MoneyField()
    card_fee = MoneyField()
    host_fee = MoneyField()
    net = MoneyField()


class PayerOut(Out):
    sponsor = serializers.CharField(source="label.text")
    amount = MoneyField()


class WorkOut(Out):
    day = serializers.CharField(source="entry.ref")
    date = serializers.DateField(source="entry.date")
    slot = serializers.CharField(source="entry.slot")
    worker = serializers.CharField(source="entry.worker.public_name")
    note = serializers.CharField(source="entry.note")
    state = serializers.CharField(source="entry.state")
    cost = MoneyField()
    paid_on = serializers.DateField(allow_null=True)
    sent_entry = serializers.IntegerField(allow_null=True, help_text="The entry by which it left the fund, owed to the payee.")
    paid_entry = serializers.IntegerField(allow_null=True, help_text="The entry that paid it, null until that is confirmed.")
    paid_by = PayerOut(many=True, source="payers")


class MonthOut(Out):
    project = serializers.CharField(source="project.slug")
    first = serializers.DateField()
    opening = MoneyField()
    gross = MoneyField()
    card_fees = MoneyField()
    host_fees = MoneyField()
    net = MoneyField()
    other_in = MoneyField()
    paid = MoneyField()
    other_out = MoneyField()
    closing = MoneyField()
    reserved = MoneyField()
    left = MoneyField()
    days_worked = DaysField(source="worked")
    days_approved = DaysField(source="approved")
    days_paid_for = serializers.CharField(help_text="Days that this month's money buys, rounded down to a hundredth.")
    inflows = InflowOut(many=True)
    work = WorkOut(many=True)


class Reports(Base):
    """A project's month: opening + net + other in − paid − other out = closing; closing − reserved = left."""

    title = gettext_noop("Reports")
    serializer_class = MonthOut
    lookup_field = "month"

    @extend_schema(parameters=[PROJECT, OpenApiParameter("month", OpenApiTypes.STR, OpenApiParameter.PATH, description="Such as 2026-10.")])
    def retrieve(self, request: Any, project: str, month: str) -> Response:
        """A project's month: opening + net + other in − paid − other out = closing; closing − reserved = left."""
        return Response(MonthOut(report(request, project, month)).data)


routes = [Route("reports/<slug:project>", Reports, "report")]
