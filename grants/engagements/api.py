"""Engagements: your own work, what pays those you act for, your projects'; all of them for the host's desk."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_noop
from rest_framework import serializers

from funding.api.fields import Address, DaysField, MoneyField, Out
from funding.api.views import Resource, Route
from grants.engagements import policies, refs
from grants.engagements.models import Engagement


class SourceOut(Out):
    fund = serializers.CharField(source="fund.slug")
    still_held = MoneyField(source="open")


class EngagementOut(Out):
    ref = serializers.CharField()
    title = serializers.CharField()
    project = serializers.CharField(source="project.slug")
    proposal = serializers.CharField(source="proposal.ref")
    worker = serializers.CharField(source="worker.name")
    payee = serializers.CharField(source="payee.name")
    state = serializers.ChoiceField(choices=Engagement.State.choices)
    most_days = DaysField(source="cap_half_days")
    day_rate = MoneyField(source="rate")
    most = MoneyField(source="cap")
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    funds = SourceOut(many=True)
    url = Address("api:engagement-detail", "ref")
    page = Address("timesheets:engagement", "ref")


class Engagements(Resource):
    """The statements of work that you may see, with what their funds still hold."""

    title = gettext_noop("Engagements")
    signed_in = True
    serializer_class = EngagementOut
    lookup_field = "ref"
    filters = {"project": "project__slug", "state": "state"}

    def get_queryset(self) -> QuerySet[Any]:
        return policies.visible(self.request.user).prefetch_related("funds__fund", "funds__reservation")

    def find(self, key: str) -> Any:
        found = self.get_queryset().filter(pk=refs.number(key, "E") or 0).first()
        if found is None:
            raise Http404
        return found


routes = [Route("engagements", Engagements, "engagement")]
