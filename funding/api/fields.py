"""How money, days, text and addresses are written in JSON, the same way everywhere."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from funding import days
from funding.money import Money
from funding.web.forms import can_be_seen, one_line

MONEY = {
    "type": "object",
    "description": "A sum: whole minor units, the currency's code, and the same in words.",
    "properties": {"amount": {"type": "integer"}, "currency": {"type": "string"}, "text": {"type": "string"}},
    "required": ["amount", "currency", "text"],
    "example": {"amount": 45900, "currency": "USD", "text": "USD 459.00"},
}
DAYS = {
    "type": "object",
    "description": "Days in half days, and as people write them.",
    "properties": {"half_days": {"type": "integer"}, "text": {"type": "string"}},
    "required": ["half_days", "text"],
    "example": {"half_days": 9, "text": "4.5"},
}


@extend_schema_field(MONEY)
class MoneyField(serializers.Field):
    """A Money, or null where there is none yet."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Money) -> dict[str, Any]:
        return {"amount": value.amount, "currency": value.currency, "text": f"{value.currency} {value.figures}"}


class Minor(MoneyField):
    """A sum of which the row keeps the minor units in `name`, beside its `currency`."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        self.name = name
        super().__init__(source="*", **kwargs)

    def to_representation(self, row: Any) -> dict[str, Any]:
        return super().to_representation(Money(getattr(row, self.name), row.currency))


@extend_schema_field(DAYS)
class DaysField(serializers.Field):
    """A number of half days."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: int) -> dict[str, Any]:
        return {"half_days": value, "text": days.figures(value)}


@extend_schema_field({"type": "string", "format": "uri"})
class Address(serializers.Field):
    """The whole address of a thing. `name` is that of a URL, `key` an attribute of the row, with dots to go further.

    Empty where the row has no such thing.
    """

    def __init__(self, name: str, key: str, **kwargs: Any) -> None:
        self.name, self.key = name, key
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, row: Any) -> str:
        value = row
        for part in self.key.split("."):
            value = getattr(value, part, None)
        return f"{settings.BASE_URL}{reverse(self.name, args=[value])}" if value else ""


class Line(serializers.CharField):
    """Text on one line, under the rules that a form has for it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators += [one_line, can_be_seen]


class Words(serializers.CharField):
    """Text of any number of lines that can be seen."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(can_be_seen)


class Out(serializers.Serializer):
    """The base of what is only read."""
