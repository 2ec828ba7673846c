"""Who may open calls, answer them, and see a proposal. The committee's own rules are in grants/committee/policies.py."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from django.http import HttpRequest
from django.utils.translation import gettext as _

from funding import clock
from funding.errors import Refused
from funding.people import roles
from funding.people.models import User
from funding.people.roles import Role, Viewer
from funding.web import throttle
from grants.proposals.models import Call, Proposal

State = Proposal.State
HANDING_IN = throttle.Limit("proposal", 20, dt.timedelta(hours=1))
"""How often one person hands in proposals, on a page or from a program: the committee reads each."""


class Sight(StrEnum):
    """How much of a proposal somebody sees on its own page."""

    WHOLE = "whole"
    """The applicant always, everybody once it is funded or approved."""
    RECORD = "record"
    """It is decided: the public record says what there is to say."""
    PANEL = "panel"
    """A member of the committee that decides: their way in is the panel's page, where conflicts are declared first."""
    EXISTENCE = "existence"
    """An administrator: that it exists and where it stands."""
    NONE = "none"


def sight(user: Viewer, proposal: Proposal) -> Sight:
    if proposal.applicant_id == user.pk:
        return Sight.WHOLE
    if proposal.state in Proposal.DECIDED:
        return Sight.WHOLE if proposal.state in (State.FUNDED, State.APPROVED) else Sight.RECORD
    if proposal.submitted_at is None:
        return Sight.NONE
    if roles.has_any(user, {Role.CHAIR, Role.DEPUTY, Role.MEMBER, Role.ALTERNATE}, proposal.call.committee_subject):
        return Sight.PANEL
    return Sight.EXISTENCE if roles.has(user, Role.ADMIN) else Sight.NONE


def may_manage_calls(user: Viewer) -> bool:
    return roles.has(user, Role.ADMIN)


def may_see_call(user: Viewer, call: Call) -> bool:
    return call.state != Call.State.DRAFT or may_manage_calls(user)


def takes_proposals(call: Call) -> bool:
    """Open, begun, and not past its closing minute. The server's clock decides."""
    now = clock.now()
    return call.state == Call.State.OPEN and call.opens_at <= now and (call.closes_at is None or now <= call.closes_at)


def require_open(call: Call) -> None:
    if not takes_proposals(call):
        raise Refused(_("The call “{title}” does not take proposals now.").format(title=call.title), rule="call-closed")


def require_applicant(user: User, proposal: Proposal) -> None:
    if proposal.applicant_id != user.pk:
        raise Refused(_("Only the applicant may change or withdraw this proposal."), rule="applicant")


def shows_calls_desk(request: HttpRequest) -> bool:
    return may_manage_calls(request.user)
