"""Mails of the committee. They link to pages and carry no title and no content before publication."""

from __future__ import annotations

from django.urls import reverse

from funding.components import formats
from funding.mail import services as mail
from funding.people import roles
from funding.people.roles import Role
from grants.committee.counting import Member, Sheet, sitting
from grants.committee.models import Determination, Ending, Funding, Panel, Seat
from grants.proposals.models import Proposal


def invite(seat: Seat, panel: Panel, *, again: str = "") -> None:
    """To a member who got a seat, or with `again` (why, for the key) got it back: declare first."""
    ref = panel.proposal.ref
    context = {"name": seat.user.name, "ref": ref, "committee": panel.committee.name, "url": _url("declare", ref)}
    mail.queue(
        kind="panel_seated",
        to=seat.user.email,
        key=f"panel_seated:{ref}:{seat.user_id}{again and ':' + again}",
        context=context,
        about=panel.proposal.subject,
    )


def tell_change(seat: Seat, panel: Panel, revision: int) -> None:
    """To a member who is not recused: a new revision is in, so reading and voting begin again."""
    ref = panel.proposal.ref
    context = {"name": seat.user.name, "ref": ref, "revision": revision, "url": _url("panel", ref)}
    mail.queue(
        kind="panel_revision",
        to=seat.user.email,
        key=f"panel_revision:{ref}:{revision}:{seat.user_id}",
        context=context,
        about=panel.proposal.subject,
    )


def tell_taken_back(panel: Panel, *, withdrawn: bool) -> None:
    """To the members who are not recused: there is nothing to read or vote on, for now or for good."""
    ref, version = panel.proposal.ref, panel.proposal.version
    for seat in panel.seats.exclude(state=Seat.State.RECUSED).filter(user__in=sitting(panel.committee)).select_related("user"):
        context = {"name": seat.user.name, "ref": ref, "withdrawn": withdrawn, "url": _url("panel", ref)}
        mail.queue(
            kind="panel_taken_back",
            to=seat.user.email,
            key=f"panel_taken_back:{ref}:{version}:{seat.user_id}",
            context=context,
            about=panel.proposal.subject,
        )


def tell_ready(sheet: Sheet) -> None:
    """To whoever decides: reviews and quorum are in. Once for each revision and person."""
    ref = sheet.panel.proposal.ref
    for member in sheet.deciders:
        context = {"name": member.user.name, "ref": ref, "url": _url("determine", ref)}
        key = f"panel_ready:{ref}:{sheet.revision}:{member.user.pk}"
        mail.queue(kind="panel_ready", to=member.user.email, key=key, context=context, about=sheet.panel.proposal.subject)


def remind(sheet: Sheet, member: Member, stage: str) -> None:
    """To a member whose review is not in, once for each stage (`3` and `1` days before, `overdue`)."""
    ref = sheet.panel.proposal.ref
    context = {
        "name": member.user.name,
        "ref": ref,
        "due": formats.instant(sheet.due_at),
        "overdue": stage == "overdue",
        "url": _url("review", ref),
    }
    key = f"review_due:{ref}:{sheet.revision}:{stage}:{member.user.pk}"
    mail.queue(kind="review_due", to=member.user.email, key=key, context=context)


def tell_missing(sheet: Sheet) -> None:
    """To whoever decides: the deadline has passed and too few reviews are in. Once for each revision and person."""
    tally, ref = sheet.tally, sheet.panel.proposal.ref
    for member in sheet.deciders:
        context = {
            "name": member.user.name,
            "ref": ref,
            "reviews": tally.reviews,
            "needed": tally.reviews_needed,
            "url": _url("panel", ref),
        }
        key = f"reviews_missing:{ref}:{sheet.revision}:{member.user.pk}"
        mail.queue(kind="reviews_missing", to=member.user.email, key=key, context=context)


def tell_opened(sheet: Sheet) -> None:
    """To the members who may read: the reviews are open, and votes with them."""
    ref = sheet.panel.proposal.ref
    for member in sheet.members:
        if member.clear:
            context = {"name": member.user.name, "ref": ref, "url": _url("panel", ref)}
            key = f"reviews_open:{ref}:{sheet.revision}:{member.user.pk}"
            mail.queue(kind="reviews_open", to=member.user.email, key=key, context=context)


def tell_applicant(determination: Determination, proposal: Proposal) -> None:
    context = {"proposal": proposal, "determination": determination, "url": _url("decision", proposal.ref)}
    mail.queue(kind="decision_published", to=proposal.applicant.email, key=f"decision_published:{proposal.ref}", context=context)


def tell_money_wanted(determination: Determination, proposal: Proposal) -> None:
    """To those who can find the money: the treasurers, and the project's maintainers, who may raise a goal for it."""
    people = {user.email: user for user in [*roles.holders(Role.TREASURER), *roles.holders(Role.MAINTAINER, proposal.project.subject)]}
    for email, user in people.items():
        if user.pk == proposal.applicant_id:
            continue
        context = {"name": user.name, "proposal": proposal, "determination": determination, "url": _url("decision", proposal.ref)}
        mail.queue(kind="money_wanted", to=email, key=f"money_wanted:{proposal.ref}:{user.pk}", context=context)


def tell_money_found(funding: Funding, proposal: Proposal) -> None:
    """To the applicant: the work that was approved has its money, for so many days."""
    rate = proposal.rate
    context = {"proposal": proposal, "funding": funding, "rate": rate, "url": _url("decision", proposal.ref)}
    mail.queue(kind="money_found", to=proposal.applicant.email, key=f"money_found:{proposal.ref}", context=context)


def tell_ended(ending: Ending, proposal: Proposal) -> None:
    """To the applicant, and to those who were asked to find the money: it is not looked for any more."""
    found = [proposal.applicant, *roles.holders(Role.TREASURER), *roles.holders(Role.MAINTAINER, proposal.project.subject)]
    for user in {user.pk: user for user in found if user != ending.ended_by}.values():
        context = {"ending": ending, "proposal": proposal, "url": _url("decision", proposal.ref)}
        mail.queue(kind="waiting_ended", to=user.email, key=f"waiting_ended:{proposal.ref}:{user.pk}", context=context)


def tell_letter(determination: Determination, proposal: Proposal) -> None:
    """To the applicant: the letter is there. The mail says nothing of it."""
    context = {"name": proposal.applicant.name, "ref": proposal.ref, "url": f"{_url('decision', proposal.ref)}#letter"}
    mail.queue(kind="decision_letter", to=proposal.applicant.email, key=f"decision_letter:{determination.pk}", context=context)


def _url(page: str, ref: str) -> str:
    return mail.absolute(reverse(f"committee:{page}", args=[ref]))
