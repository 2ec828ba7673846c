"""Published prices, as everybody may read them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_noop
from rest_framework import serializers

from funding.api.fields import MoneyField, Out
from funding.api.views import Listing, Route
from sponsors.tiers import selectors
from sponsors.tiers.models import Interval, Tier


class TierOut(Out):
    project = serializers.CharField(source="tier.project.slug")
    name = serializers.CharField(source="tier.name")
    price = MoneyField(source="tier.price")
    interval = serializers.ChoiceField(choices=Interval.choices, source="tier.interval")
    audience = serializers.ChoiceField(choices=Tier.Audience.choices, source="tier.audience")
    buys = serializers.CharField(help_text="The part of a day that one payment buys after estimated fees.")
    description = serializers.CharField(source="tier.description")
    benefits = serializers.ListField(child=serializers.CharField(), source="tier.benefit_lines")


class Tiers(Listing):
    """What a sponsor can take now, of every open project."""

    title = gettext_noop("Tiers")
    serializer_class = TierOut
    filters = {"project": "project__slug"}

    def get_queryset(self) -> QuerySet[Any]:
        return selectors.on_offer()

    def prepare(self, rows: list[Any]) -> list[Any]:
        return selectors.offers(rows)


routes = [Route("tiers", Tiers, "tier")]
