"""Goals: what is asked for until a deadline, and how far it is. Pledges are nobody's to list."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_noop
from rest_framework import serializers

from funding.api.fields import Address, DaysField, MoneyField, Out
from funding.api.views import Resource, Route
from sponsors.goals import selectors
from sponsors.goals.models import Goal


class GoalOut(Out):
    slug = serializers.CharField(source="goal.slug")
    project = serializers.CharField(source="goal.project.slug")
    title = serializers.CharField(source="goal.title")
    state = serializers.ChoiceField(choices=Goal.State.choices, source="goal.state")
    deadline_at = serializers.DateTimeField(source="goal.deadline_at", help_text="The first instant at which nobody can pledge any more.")
    needed = DaysField()
    bought = DaysField(source="half_days", help_text="What the pledges buy after fees, or what came and stayed.")
    worked = DaysField()
    minimum = MoneyField(source="goal.minimum")
    promised = MoneyField(source="promised.sum")
    pledges = serializers.IntegerField(source="promised.count")
    collected = MoneyField(source="collected.sum")
    rule = serializers.ChoiceField(choices=Goal.Rule.choices, source="goal.rule")
    day_rate = MoneyField(source="goal.rate")
    summary = serializers.CharField(source="goal.summary")
    story = serializers.CharField(source="goal.story")
    url = Address("api:goal-detail", "goal.slug")
    page = Address("goals:goal", "goal.slug")


class Goals(Resource):
    """What was asked for in public until a deadline: open, being collected, met or not met."""

    title = gettext_noop("Goals")
    serializer_class = GoalOut
    lookup_field = "slug"
    filters = {"project": "project__slug", "state": "state"}

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.public()

    def prepare(self, rows: list[Any]) -> list[Any]:
        return selectors.figures(rows)


routes = [Route("goals", Goals, "goal")]
