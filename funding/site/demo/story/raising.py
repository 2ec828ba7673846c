"""A goal is raised: its maintainer publishes it, and people save cards on the stand-in's page for what they promise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from funding import clock
from funding.funds.models import Project
from funding.money import Money
from funding.people.models import Party
from funding.site.demo.story import hosted
from funding.site.demo.story.cast import user
from sponsors.billing import services as billing
from sponsors.billing.models import CardChange
from sponsors.goals import services as goals
from sponsors.goals.models import Goal, Pledge


@dataclass(frozen=True, slots=True)
class GoalPlan:
    """`minimum` in whole units, `runs_for` in days from the day on which it is published, until 18:00 in Oslo."""

    slug: str
    project: str
    who: str
    title: str
    summary: str
    story: str
    half_days: int
    minimum: int
    runs_for: int


@dataclass(frozen=True, slots=True)
class Promise:
    """One pledge, in whole units. `who` is one of the cast, or "" for a visitor without an account."""

    day: int
    name: str
    email: str
    amount: int
    kind: str = Party.Kind.ORGANISATION
    country: str = "NO"
    naming: str = "public"
    who: str = ""


def publish(plan: GoalPlan) -> None:
    goal = Goal.objects.filter(slug=plan.slug).first()
    if goal is None:
        project = Project.objects.get(slug=plan.project)
        day = clock.today() + dt.timedelta(days=plan.runs_for)
        terms = goals.Terms(
            title=plan.title,
            summary=plan.summary,
            story=plan.story,
            half_days=plan.half_days,
            rate=project.rate,
            minimum=Money(plan.minimum * 100, project.rate_currency),
            rule=Goal.Rule.ALL,
            deadline=goals.instant(day, dt.time(18), "Europe/Oslo"),
            zone="Europe/Oslo",
        )
        goal = goals.create_goal(actor=user(plan.who), project=project, slug=plan.slug, terms=terms)
    if goal.state == Goal.State.DRAFT:
        goals.publish_goal(actor=user(plan.who), goal=goal, version=goal.version)


def pledge(plan: GoalPlan, promise: Promise) -> None:
    goal, actor = Goal.objects.get(slug=plan.slug), user(promise.who) if promise.who else AnonymousUser()
    made = Pledge.objects.filter(goal=goal, sponsorship__contact_email=promise.email).first()
    if made is None:
        made = goals.start_pledge(
            actor=actor,
            goal=goal,
            amount=Money(promise.amount * 100, goal.currency),
            kind=promise.kind,
            name=promise.name,
            email=promise.email,
            country=promise.country,
            naming=promise.naming,
        )
    if made.state == Pledge.State.STARTED:
        hosted.pay(goals.open_card_page(actor=actor, pledge=made))
    # What the pledge's page does, to which the card page leads back.
    pages = CardChange.objects.filter(sponsorship=made.sponsorship_id, state__in=CardChange.UNDECIDED)
    for pk in pages.values_list("pk", flat=True):
        billing.settle_card(change_id=pk)
