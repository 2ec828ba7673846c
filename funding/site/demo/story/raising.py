"""A goal is raised: its maintainer publishes it, and people save cards on the stand-in's page for what they promise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from funding import clock
from funding.funds.models import Need, Project
from funding.money import Money
from funding.people.models import Party
from funding.site.demo.story import hosted
from funding.site.demo.story.cast import enter, user
from funding.site.demo.story.deciding import Offer
from grants.proposals.models import Proposal
from sponsors.billing import services as billing
from sponsors.billing.models import CardChange
from sponsors.goals import services as goals
from sponsors.goals.models import Goal, Pledge


@dataclass(frozen=True, slots=True)
class GoalPlan:
    """`minimum` in whole units before fees, `runs_for` in days from the day on which it is published, until the end of that day.

    `waits_for` is the approved proposal that it is raised for.
    """

    slug: str
    project: str
    who: str
    title: str
    summary: str
    story: str
    days: int
    minimum: int
    runs_for: int
    waits_for: Offer | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """One pledge, in whole units."""

    name: str
    email: str
    amount: int
    kind: str = Party.Kind.ORGANISATION
    country: str = "NO"
    naming: str = "public"
    card: str = hosted.VISA


def publish(plan: GoalPlan) -> None:
    goal = Goal.objects.filter(slug=plan.slug).first()
    if goal is None:
        project = Project.objects.get(slug=plan.project)
        terms = goals.Terms(
            title=plan.title,
            summary=plan.summary,
            story=plan.story,
            half_days=2 * plan.days,
            rate=project.rate,
            minimum=Money(plan.minimum * 100, project.rate_currency),
            rule=Goal.Rule.ALL,
            deadline=goals.instant(clock.today() + dt.timedelta(days=plan.runs_for), dt.time(23, 59), "UTC"),
            zone="UTC",
            need=_need(plan.waits_for) if plan.waits_for else None,
        )
        goal = goals.create_goal(actor=user(plan.who), project=project, slug=plan.slug, terms=terms)
    if goal.state == Goal.State.DRAFT:
        goals.publish_goal(actor=user(plan.who), goal=goal, version=goal.version)


def _need(offer: Offer) -> Need:
    return Need.objects.get(about=Proposal.objects.get(applicant=user(offer.applicant), title=offer.title).subject)


def pledge(plan: GoalPlan, promise: Promise) -> None:
    actor = enter(promise.name, promise.email, f"pledged to {plan.title}")
    goal = Goal.objects.get(slug=plan.slug)
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
        hosted.pay(goals.open_card_page(actor=actor, pledge=made), promise.card)
    # What the pledge's page does, to which the card page leads back.
    pages = CardChange.objects.filter(sponsorship=made.sponsorship_id, state__in=CardChange.UNDECIDED)
    for pk in pages.values_list("pk", flat=True):
        billing.settle_card(change_id=pk)
