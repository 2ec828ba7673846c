"""What a Need is about where a goal opened it: `goal:<slug>`."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from funding.funds.needs import Told
from funding.web import ahead
from funding.web.ahead import Question
from sponsors.goals.models import Goal


def describe(abouts: Iterable[str]) -> dict[str, Told]:
    """In one query."""
    found = ahead.rows(_goals(abouts))
    return {goal.ref: Told(_("Goal: {title}").format(title=goal.title), reverse("goals:goal", args=[goal.slug])) for goal in found}


def asks(abouts: Iterable[str]) -> list[Question]:
    return [_goals(abouts)]


def _goals(abouts: Iterable[str]) -> QuerySet[Goal]:
    slugs = [about.partition(":")[2] for about in abouts]
    return Goal.objects.filter(slug__in=slugs).exclude(state=Goal.State.DRAFT)
