"""Projects, funds and needs, as everybody may read them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_noop
from rest_framework import serializers

from funding.api.fields import Address, DaysField, MoneyField, Out
from funding.api.views import Listing, Resource, Route
from funding.funds import flows, needs, policies, selectors
from funding.funds.models import Fund, Need, Project


class ProjectOut(Out):
    slug = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    state = serializers.ChoiceField(choices=Project.State.choices)
    target = DaysField(source="target_half_days", help_text="Days a month.")
    day_rate = MoneyField(source="rate")
    homepage = serializers.CharField()
    headline = serializers.CharField()
    story = serializers.CharField()
    created_at = serializers.DateTimeField()
    url = Address("api:project-detail", "slug")
    page = Address("pages:project", "slug")


class Projects(Resource):
    """What is funded. A draft is there for its maintainers and administrators."""

    title = gettext_noop("Projects")
    serializer_class = ProjectOut
    lookup_field = "slug"
    filters = {"state": "state"}

    def get_queryset(self) -> QuerySet[Any]:
        return policies.visible_projects(self.request.user)


class FundOut(Out):
    slug = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Fund.Kind.choices)
    purpose = serializers.CharField()
    project = serializers.CharField(source="project.slug", allow_null=True, default=None)
    came_in = MoneyField(source="flow.came_in")
    spent = MoneyField(source="flow.spent", help_text="Paid for work.")
    other_out = MoneyField(source="flow.other_out")
    reserved = MoneyField(source="flow.reserved")
    left = MoneyField(source="flow.left")
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    closeout_on = serializers.DateField(allow_null=True)
    url = Address("api:fund-detail", "slug")


class Funds(Resource):
    """Every pot with its purpose: came in − spent − other out − reserved = left."""

    title = gettext_noop("Funds")
    serializer_class = FundOut
    lookup_field = "slug"
    filters = {"project": "project__slug", "kind": "kind"}

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.public_funds()

    def prepare(self, rows: list[Any]) -> list[Any]:
        for fund, flow in zip(rows, flows.of(rows), strict=True):
            fund.flow = flow
        return rows


class NeedOut(Out):
    about = serializers.CharField()
    text = serializers.CharField(source="told.text")
    page = serializers.SerializerMethodField()
    project = serializers.CharField(source="project.slug")
    state = serializers.ChoiceField(choices=Need.State.choices)
    days = DaysField(source="half_days")
    day_rate = MoneyField(source="rate")
    price = MoneyField()
    fund = serializers.CharField(source="fund.slug", allow_null=True, default=None)
    opened_at = serializers.DateTimeField()

    def get_page(self, row: Any) -> str:
        return f"{settings.BASE_URL}{row.told.url}" if row.told.url else ""


class Needs(Listing):
    """Approved work that waits for money, and money that waits for work."""

    title = gettext_noop("Needs")
    serializer_class = NeedOut
    filters = {"project": "project__slug", "state": "state"}

    def get_queryset(self) -> QuerySet[Any]:
        waiting = Need.objects.filter(state__in=[Need.State.WANTED, Need.State.FUNDED])
        return waiting.exclude(project__state=Project.State.DRAFT).select_related("project", "fund")

    def prepare(self, rows: list[Any]) -> list[Any]:
        told = needs.describe(rows)
        for need in rows:
            need.told = told[need.about]
        return rows


routes = [Route("projects", Projects, "project"), Route("funds", Funds, "fund"), Route("needs", Needs, "need")]
