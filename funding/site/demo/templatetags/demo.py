"""What the bar at the foot of a demo's pages needs to know. One query a page, and only in a demo."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django import template
from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from funding import clock
from funding.people.models import User
from funding.site.demo.models import Person

register = template.Library()


@dataclass(frozen=True, slots=True)
class Bar:
    """`me` is the demo person whom the visitor is, None for a visitor or for an account of their own."""

    people: list[Person]
    me: Person | None
    today: dt.date
    processor: str


@register.simple_tag
def demo_bar(user: User | AnonymousUser | None) -> Bar:
    people = list(Person.objects.select_related("user"))
    pk = getattr(user, "pk", None)
    me = next((person for person in people if person.user_id == pk), None)
    return Bar(people, me, clock.today(), f"{settings.STRIPE_API_BASE}/" if settings.STRIPE_API_BASE else "")
