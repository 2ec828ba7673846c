"""Proposals: written, submitted, read, voted on and decided, each member for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from funding.funds.models import Project
from funding.site.demo.story.cast import user
from grants.committee import counting, services
from grants.committee.models import Determination, Excuse, Panel, Review, Seat
from grants.proposals import services as proposals
from grants.proposals.models import Call, Proposal


@dataclass(frozen=True, slots=True)
class Offer:
    """A proposal to come: `half_days` at the applicant's agreed rate."""

    applicant: str
    title: str
    story: str
    outcome: str
    half_days: int
    project: str = "quillon"


def submit(offer: Offer) -> None:
    applicant = user(offer.applicant)
    proposal = Proposal.objects.filter(applicant=applicant, title=offer.title).first()
    if proposal is None:
        content = proposals.Content(
            project=Project.objects.get(slug=offer.project),
            payee=None,
            title=offer.title,
            story=offer.story,
            outcome=offer.outcome,
            half_days=offer.half_days,
        )
        proposal = proposals.start_draft(actor=applicant, call=Call.objects.get(slug="maintenance"), content=content)
    if proposal.state == Proposal.State.DRAFT:
        proposals.submit(actor=applicant, proposal=proposal)


def panel_of(offer: Offer) -> Panel:
    return Panel.objects.get(proposal__applicant=user(offer.applicant), proposal__title=offer.title)


def declare(offer: Offer, *members: str) -> None:
    """Each of these members says that they have no conflict, unless the rule has recused them already."""
    panel = panel_of(offer)
    waiting = {seat.user_id for seat in panel.seats.filter(state=Seat.State.INVITED)}
    for key in members:
        if user(key).pk in waiting:
            services.declare(actor=user(key), panel=panel, conflict=False)


def review(offer: Offer, member: str, recommendation: str, reasons: str, notes: str = "", points: tuple[int, ...] = ()) -> None:
    """`points` are for the call's criteria, in their order."""
    panel, actor = panel_of(offer), user(member)
    criteria = panel.proposal.call.criteria.all()
    marks = {criterion.pk: services.Mark(points=given) for criterion, given in zip(criteria, points, strict=True)}
    if not Review.objects.filter(seat__panel=panel, seat__user=actor, submitted_at__isnull=False).exists():
        services.save_review(
            actor=actor, panel=panel, version=0, recommendation=recommendation, reasons=reasons, notes=notes, marks=marks, submit=True
        )


def decide(offer: Offer, votes: Mapping[str, str], reasons: str) -> None:
    """Who has written no review says so, which opens those that are in; the members vote and the chair publishes."""
    panel = panel_of(offer)
    if Determination.objects.filter(panel=panel).exists():
        return
    for member in counting.sheet(panel).awaited:
        services.excuse(actor=member.user, panel=panel, ground=Excuse.Ground.LOAD, reason="No time for it these weeks.")
    for key, choice in votes.items():
        services.vote(actor=user(key), panel=panel, choice=choice)
    services.determine(actor=user("hanne"), panel=panel, reasons=reasons, seen=counting.sheet(panel).mark)
