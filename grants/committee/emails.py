"""Mails of the committee. They link to pages and carry no title and no content before publication."""

from __future__ import annotations

from django.urls import reverse

from funding.mail import services as mail
from grants.committee.counting import Sheet, sitting
from grants.committee.models import Determination, Panel, Seat
from grants.proposals.models import Proposal


def invite(seat: Seat, panel: Panel) -> None:
    """To a member who got a seat: declare first."""
    ref = panel.proposal.ref
    context = {"name": seat.user.name, "ref": ref, "committee": panel.committee.name, "url": _url("declare", ref)}
    mail.queue(kind="panel_seated", to=seat.user.email, key=f"panel_seated:{ref}:{seat.user_id}", context=context)


def tell_change(seat: Seat, panel: Panel, revision: int) -> None:
    """To a member who is not recused: a new revision is in, so reading and voting begin again."""
    ref = panel.proposal.ref
    context = {"name": seat.user.name, "ref": ref, "revision": revision, "url": _url("panel", ref)}
    mail.queue(kind="panel_revision", to=seat.user.email, key=f"panel_revision:{ref}:{revision}:{seat.user_id}", context=context)


def tell_taken_back(panel: Panel, *, withdrawn: bool) -> None:
    """To the members who are not recused: there is nothing to read or vote on, for now or for good."""
    ref, version = panel.proposal.ref, panel.proposal.version
    for seat in panel.seats.exclude(state=Seat.State.RECUSED).filter(user__in=sitting(panel.committee)).select_related("user"):
        context = {"name": seat.user.name, "ref": ref, "withdrawn": withdrawn, "url": _url("panel", ref)}
        mail.queue(kind="panel_taken_back", to=seat.user.email, key=f"panel_taken_back:{ref}:{version}:{seat.user_id}", context=context)


def tell_ready(sheet: Sheet) -> None:
    """To whoever decides: reviews and quorum are in. Once for each revision and person."""
    ref = sheet.panel.proposal.ref
    for member in sheet.deciders:
        context = {"name": member.user.name, "ref": ref, "url": _url("determine", ref)}
        key = f"panel_ready:{ref}:{sheet.revision}:{member.user.pk}"
        mail.queue(kind="panel_ready", to=member.user.email, key=key, context=context)


def tell_applicant(determination: Determination, proposal: Proposal) -> None:
    context = {"proposal": proposal, "determination": determination, "url": _url("decision", proposal.ref)}
    mail.queue(kind="decision_published", to=proposal.applicant.email, key=f"decision_published:{proposal.ref}", context=context)


def _url(page: str, ref: str) -> str:
    return mail.absolute(reverse(f"committee:{page}", args=[ref]))
