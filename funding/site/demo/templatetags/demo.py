"""What the bar at the foot of a demo's pages needs to know. One query a page, and only in a demo."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django import template
from django.conf import settings

from funding import clock
from funding.site.demo import calendar
from funding.site.demo.models import Person

register = template.Library()


@dataclass(frozen=True, slots=True)
class Bar:
    """`groups` are those who are offered on every page, by what they do. `telling` while the story is being told."""

    groups: list[tuple[str, list[Person]]]
    telling: bool
    today: dt.date
    processor: str


@register.simple_tag
def demo_bar() -> Bar:
    people = list(Person.objects.exclude(group="").select_related("user"))
    groups = [(str(label), [person for person in people if person.group == value]) for value, label in Person.Group.choices]
    today = clock.today()
    return Bar([group for group in groups if group[1]], calendar.offset.telling, today, processor())


def processor() -> str:
    return f"{settings.STRIPE_API_BASE}/" if settings.STRIPE_API_BASE else ""
