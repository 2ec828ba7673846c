"""Grants received. An active award is everybody's to read; the others are the host's desk's."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_noop
from rest_framework import serializers

from funding.api.fields import Address, MoneyField, Out
from funding.api.views import Resource, Route
from funding.people import roles
from grants.awards import policies, selectors
from grants.awards.models import Award, Tranche


class TrancheOut(Out):
    number = serializers.IntegerField(source="tranche.number")
    promised = MoneyField(source="tranche.money")
    arrived = MoneyField()
    due_on = serializers.DateField(source="tranche.due_on")
    trigger = serializers.CharField(source="tranche.trigger")
    condition = serializers.CharField(source="tranche.condition")
    state = serializers.ChoiceField(choices=Tranche.State.choices, source="tranche.state")


class AwardOut(Out):
    slug = serializers.CharField()
    title = serializers.CharField()
    grantor = serializers.CharField(source="shown", help_text="Some grantors are unnamed in public.")
    state = serializers.ChoiceField(choices=Award.State.choices)
    promised = MoneyField(source="figures.promised")
    received = MoneyField(source="figures.received")
    advanced = MoneyField(source="figures.advanced", help_text="Paid ahead by the host and not repaid yet.")
    reserved = MoneyField(source="figures.reserved")
    spent = MoneyField(source="figures.spent")
    given_back = MoneyField(source="figures.given_back")
    left = MoneyField(source="figures.left")
    fund = serializers.CharField(source="fund.slug", allow_null=True, default=None)
    purpose = serializers.CharField()
    projects = serializers.SerializerMethodField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    closeout_on = serializers.DateField()
    tranches = TrancheOut(many=True, source="instalments")
    url = Address("api:award-detail", "slug")
    page = Address("awards:award", "slug")

    def get_projects(self, row: Any) -> list[str]:
        return [project.slug for project in row.projects.all()]


class Awards(Resource):
    """Grants received, with their instalments: received + advanced − reserved − spent − given back = left."""

    title = gettext_noop("Awards")
    serializer_class = AwardOut
    lookup_field = "slug"
    filters = {"project": "projects__slug", "state": "state"}

    def get_queryset(self) -> QuerySet[Any]:
        found = Award.objects.all() if self.on_desk else policies.public()
        return found.select_related("grantor", "fund__account").prefetch_related("projects", "tranches")

    @property
    def on_desk(self) -> bool:
        return roles.has_any(self.request.user, policies.DESK)

    def prepare(self, rows: list[Any]) -> list[Any]:
        named, figures, arrived = self.on_desk, selectors.of_awards(rows), selectors.arrivals(rows)
        for award in rows:
            award.shown = award.grantor.name if named else award.shown_grantor
            award.figures = figures[award.pk]
            award.instalments = selectors.with_arrivals(award, arrived)
        return rows


routes = [Route("awards", Awards, "award")]
