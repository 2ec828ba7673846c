"""Calls are opened; proposals are written, submitted, read, voted on and decided, each member for themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from funding import clock
from funding.funds.models import BudgetLine, Fund, Project
from funding.people.models import Party
from funding.site.demo.story.cast import user
from funding.site.demo.story.founding import dollars
from grants.committee import counting, services
from grants.committee.models import Determination, Excuse, Panel, Review, Seat
from grants.proposals import rubrics
from grants.proposals import services as proposals
from grants.proposals.models import Call, Proposal

FUND, CHANGES, DECLINE = Review.Recommendation.FUND, Review.Recommendation.CHANGES, Review.Recommendation.DECLINE


@dataclass(frozen=True, slots=True)
class CallPlan:
    """`funds` are slugs in the order of spending; `runs_for` in days, None for a rolling call."""

    slug: str
    title: str
    brief: str
    funds: tuple[str, ...]
    most_days: int
    runs_for: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal to come: `days` at the applicant's agreed rate, paid to `payee` where that is not themselves."""

    call: str
    applicant: str
    project: str
    title: str
    story: str
    outcome: str
    days: int
    payee: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """One review. `points` are for the call's criteria, in their order; None is not scored yet."""

    member: str
    recommendation: str
    points: tuple[int | None, ...]
    reasons: str
    notes: str = ""
    sealed: bool = True


def open_call(plan: CallPlan) -> None:
    call, admin = Call.objects.filter(slug=plan.slug).first(), user("ingrid")
    if call is None:
        by_slug = Fund.objects.in_bulk(plan.funds, field_name="slug")
        terms = proposals.CallTerms(
            title=plan.title,
            brief=plan.brief,
            kind=Call.Kind.DATED if plan.runs_for else Call.Kind.ROLLING,
            opens_at=clock.now(),
            closes_at=clock.now() + dt.timedelta(days=plan.runs_for) if plan.runs_for else None,
            committee="core",
            max_half_days=2 * plan.most_days,
            max_rate=dollars(600),
            funds=[by_slug[slug] for slug in plan.funds],
        )
        call = proposals.create_call(actor=admin, slug=plan.slug, terms=terms)
    if call.state == Call.State.DRAFT:
        proposals.set_rubric(actor=admin, call=call, version=call.version, criteria=rubrics.FULL)
        proposals.open_call(actor=admin, call=call)


def submit(offer: Offer) -> None:
    applicant = user(offer.applicant)
    proposal = Proposal.objects.filter(applicant=applicant, title=offer.title).first()
    if proposal is None:
        content = proposals.Content(
            project=Project.objects.get(slug=offer.project),
            payee=Party.objects.get(name=offer.payee) if offer.payee else None,
            title=offer.title,
            story=offer.story,
            outcome=offer.outcome,
            half_days=2 * offer.days,
        )
        proposal = proposals.start_draft(actor=applicant, call=Call.objects.get(slug=offer.call), content=content)
    if proposal.state == Proposal.State.DRAFT:
        proposals.submit(actor=applicant, proposal=proposal)


def panel_of(offer: Offer) -> Panel:
    return Panel.objects.get(proposal__applicant=user(offer.applicant), proposal__title=offer.title)


def declare(offer: Offer, members: Sequence[str], conflicts: Mapping[str, str]) -> None:
    """Each of these members declares; `conflicts` says why some step back. Whom the rule has recused already is not asked."""
    panel = panel_of(offer)
    waiting = {seat.user_id for seat in panel.seats.filter(state=Seat.State.INVITED)}
    for key in (*members, *conflicts):
        if user(key).pk in waiting:
            services.declare(actor=user(key), panel=panel, conflict=key in conflicts, because=conflicts.get(key, ""))


def review(offer: Offer, opinion: Opinion) -> None:
    panel, actor = panel_of(offer), user(opinion.member)
    if Review.objects.filter(seat__panel=panel, seat__user=actor).exists():
        return
    criteria = panel.proposal.call.criteria.all()
    services.save_review(
        actor=actor,
        panel=panel,
        version=0,
        recommendation=opinion.recommendation,
        reasons=opinion.reasons,
        notes=opinion.notes,
        marks={criterion.pk: services.Mark(points=points) for criterion, points in zip(criteria, opinion.points, strict=True)},
        submit=opinion.sealed,
    )


def decide(offer: Offer, votes: Mapping[str, str], reasons: str, line: str = "", wait: bool = False) -> None:
    """Who has written no review says so, which opens those that are in; the members vote and the chair publishes.

    `line` is the budget line that pays where a fund has a budget; `wait` lets an approval wait for money.
    """
    panel = panel_of(offer)
    if Determination.objects.filter(panel=panel).exists():
        return
    for member in counting.sheet(panel).awaited:
        services.excuse(actor=member.user, panel=panel, ground=Excuse.Ground.LOAD, reason="No time for it these weeks.")
    for key, choice in votes.items():
        services.vote(actor=user(key), panel=panel, choice=choice)
    lines = BudgetLine.objects.filter(name=line) if line else ()
    services.determine(actor=user("hanne"), panel=panel, reasons=reasons, seen=counting.sheet(panel).mark, lines=list(lines), wait=wait)
