"""What a Need is about where a goal opened it: `goal:<slug>`."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from funding.funds.needs import Told
from sponsors.goals.models import Goal


def describe(abouts: Iterable[str]) -> dict[str, Told]:
    """In one query."""
    slugs = [about.partition(":")[2] for about in abouts]
    found = Goal.objects.filter(slug__in=slugs).exclude(state=Goal.State.DRAFT)
    return {goal.ref: Told(_("Goal: {title}").format(title=goal.title), reverse("goals:goal", args=[goal.slug])) for goal in found}
