"""Seat a panel, let its members declare conflicts, and recuse without being asked those whom a rule excludes.

A recusal writes `people.Bar`, which binds the money as well: the same person approves no work and no payment of it. It drops
the mails about the proposal that still wait to be sent to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited, record
from funding.errors import Conflict, Invalid
from funding.mail import services as mail
from funding.people import roles
from funding.people import services as people
from funding.people.independence import Hindrance
from funding.people.models import Membership, Relation, User
from grants.committee import counting, emails, policies
from grants.committee.models import Committee, Determination, Panel, Review, Seat
from grants.committee.services import alternates
from grants.proposals.models import Proposal
from grants.proposals.services.drafts import lock as lock_proposal

Role = roles.Role
State, Ground = Seat.State, Seat.Ground


@transaction.atomic
def seat_panel(*, proposal: Proposal) -> Panel:
    """Seat everybody who sits on the committee today; those whom a rule excludes are seated as recused, and alternates fill up.

    Runs inside the transaction of the submission. A proposal that comes back after a change keeps its panel: the rule is
    applied again, and all declare anew when the project or the payee changed. Raises Conflict without a committee.
    """
    committee = Committee.objects.filter(slug=proposal.call.committee).first()
    if committee is None:
        raise Conflict(_("The committee of this call has not been set up, so nothing can be submitted to it."))
    sitting = counting.regulars(committee)
    panel, fresh = Panel.objects.get_or_create(
        proposal=proposal, defaults={"committee": committee, "opened_at": clock.now(), **_rules(committee, len(sitting))}
    )
    if not fresh:
        _seats_after_change(panel, proposal)
    chairs = set(roles.holders(Role.CHAIR, committee.subject))
    for user in User.objects.filter(pk__in=sitting).order_by("pk"):
        _seat(panel, user, is_chair=user in chairs)
    alternates.fill(panel)
    return panel


@transaction.atomic
def seat_newcomer(*, user: User, committee: Committee) -> None:
    """Give somebody who joins a committee their seat on each of its open panels."""
    is_chair = roles.has(user, Role.CHAIR, committee.subject)
    for panel in _open_panels(committee=committee):
        _seat(panel, user, is_chair=is_chair)


@transaction.atomic
def refresh(*, panel: Panel) -> bool:
    """Apply the rules to every seat of an open panel once more, and let alternates fill what is empty. True if a seat changed.

    Whatever says something new about somebody calls it: a tie, a role, a term that has run out. A decided panel stays.
    """
    try:
        panel = lock_open(panel)
    except Conflict:
        return False
    excluded = excluded_now(panel)
    for seat in panel.seats.filter(user__in=excluded).exclude(state=State.RECUSED).select_related("user"):
        hindrance = excluded[seat.user_id]
        recuse(seat, panel.proposal, ground=hindrance.rule, reason=hindrance.sentence, automatic=True)
    return alternates.fill(panel) or bool(excluded)


@transaction.atomic
def refresh_about(*, users: Collection[User]) -> None:
    """Look again at the open panels on which one of them sits or that would pay one of them, in the order of the locks."""
    ids = [user.pk for user in users]
    works = Membership.objects.filter(user__in=ids).values("party")
    about = Q(seats__user__in=ids) | Q(proposal__applicant__in=ids) | Q(proposal__payee__in=works)
    for panel in _open_panels(about):
        refresh(panel=panel)


@transaction.atomic
def refresh_committee(*, committee: Committee) -> None:
    """Look again at the open panels of one committee."""
    for panel in _open_panels(committee=committee):
        refresh(panel=panel)


def refresh_all() -> int:
    """Look again at every open panel, each in a transaction of its own: terms run out by themselves. Returns how many changed."""
    return sum(refresh(panel=panel) for panel in _open_panels())


@transaction.atomic
def reinstate(*, relation: Relation) -> None:
    """Give back the seats that a dismissed tie took, on panels that are still open, and lift the bar everywhere.

    A seat comes back as “to declare”; what was reviewed and voted counts again once its member has declared. Somebody whom
    another rule excludes stays recused, on that ground.
    """
    two = [relation.user_id, relation.other_id]
    seats = Seat.objects.filter(user__in=two, state=State.RECUSED, ground=Ground.RELATION, automatic=True)
    paid = Q(panel__proposal__applicant__in=two) | Q(panel__proposal__payee__memberships__user__in=two)
    for seat in seats.filter(paid).select_related("user", "panel__committee").order_by("panel__proposal__pk").distinct():
        proposal = lock_proposal(Proposal(pk=seat.panel.proposal_id))
        people.lift_bar(user=seat.user, subject=proposal.subject)
        decided = Determination.objects.filter(panel=seat.panel).exists()
        hindrance = _excluded([seat.user], proposal).get(seat.user_id)
        if hindrance is not None:
            recuse(seat, proposal, ground=hindrance.rule, reason=hindrance.sentence, automatic=True)
        elif not decided:
            seat.state, seat.declared_at, seat.ground, seat.reason, seat.automatic = State.INVITED, None, "", "", False
            seat.save()
            Review.objects.filter(seat=seat).update(withdrawn_at=None)
            emails.invite(seat, seat.panel, again=f"relation {relation.pk} dismissed")
        record(actor=None, act="committee.reinstate", subject=proposal.ref, reason=f"{seat.user}: the relation was dismissed")


def excluded_now(panel: Panel) -> dict[int, Hindrance]:
    """User id → why, for members whose seat is not recused although a rule excludes them by now: a tie declared since."""
    return _excluded(standing(panel.seats.select_related("user")), panel.proposal)


def _excluded(users: Iterable[User], proposal: Proposal) -> dict[int, Hindrance]:
    """The same as policies.hindrances, in English: these sentences are kept with the seat, whoever reads them later."""
    with translation.override(None):
        return policies.hindrances(users, proposal)


def standing(seats: Iterable[Seat]) -> list[User]:
    """The users of the seats that are not recused: about them the rules are asked."""
    return [seat.user for seat in seats if seat.state != State.RECUSED]


@audited("committee.declare", subject="panel")
def declare(*, actor: User, panel: Panel, conflict: bool, because: str = "") -> Seat:
    """Say whether one has a conflict. A conflict is final: the seat is recused, its review and votes stop counting.

    “No conflict” is not taken from somebody whom a rule excludes; their seat is recused all the same. `because` is for
    the panel's own file and never public. Raises Refused (rule seat; claim), Invalid (field because), Conflict.
    """
    panel = lock_open(panel)
    seat = policies.require_seat(actor, panel)
    if seat.state == State.RECUSED:
        raise Conflict(_("You have stepped back from this proposal already."))
    hindrance = _excluded([actor], panel.proposal).get(actor.pk)
    if not conflict:
        policies.require_answer(actor, panel.proposal)
    if conflict and not because.strip():
        raise Invalid(_("Say in a few words what the conflict is."), field="because")
    if conflict or hindrance is not None:
        if conflict:
            recuse(seat, panel.proposal, ground=Ground.DECLARED, reason=because.strip(), automatic=False)
        elif hindrance is not None:
            recuse(seat, panel.proposal, ground=hindrance.rule, reason=hindrance.sentence, automatic=True)
        alternates.fill(panel)
        return seat
    seat.state, seat.declared_at = State.CLEAR, clock.now()
    seat.save(update_fields=["state", "declared_at"])
    return seat


def recuse(seat: Seat, proposal: Proposal, *, ground: str, reason: str, automatic: bool) -> Seat:
    """Take a seat out of the decision. Its reviews stay as history and no longer count; nor do its votes."""
    now = clock.now()
    seat.state, seat.declared_at, seat.ground = State.RECUSED, now, ground
    seat.reason, seat.automatic = reason[:300], automatic
    seat.save()
    Review.objects.filter(seat=seat, withdrawn_at=None).update(withdrawn_at=now)
    people.bar(user=seat.user, subject=proposal.subject, reason=reason)
    if seat.user_id != proposal.applicant_id:
        mail.drop(to=seat.user.email, about=proposal.subject)
    if automatic:
        with translation.override(None):
            said = f"{seat.user}: {Ground(ground).label}"
        record(actor=None, act="committee.recuse", subject=proposal.ref, reason=said)
    return seat


def lock_open(panel: Panel) -> Panel:
    """The panel with its proposal, both under lock, the proposal first. Raises Conflict unless it is still to be decided."""
    proposal = lock_proposal(Proposal(pk=panel.proposal_id))
    locked = Panel.objects.select_for_update(of=("self",)).select_related("committee").get(pk=panel.pk)
    locked.proposal = proposal
    if Determination.objects.filter(panel=locked).exists():
        raise Conflict(_("This proposal is decided. The record stays as it was published."))
    if proposal.state != Proposal.State.SUBMITTED:
        raise Conflict(_("The applicant has taken this proposal back, so there is nothing to decide now."))
    return locked


def _seat(panel: Panel, user: User, *, is_chair: bool) -> None:
    seat, created = Seat.objects.get_or_create(panel=panel, user=user, defaults={"is_chair": is_chair, "seated_at": clock.now()})
    if not created:
        return
    hindrance = _excluded([user], panel.proposal).get(user.pk)
    if hindrance is not None:
        recuse(seat, panel.proposal, ground=hindrance.rule, reason=hindrance.sentence, automatic=True)
    else:
        emails.invite(seat, panel)


def _open_panels(*about: Q, **which: Any) -> list[Panel]:
    found = Panel.objects.filter(*about, proposal__state=Proposal.State.SUBMITTED, **which)
    return list(
        found.select_related("proposal__project", "proposal__applicant", "proposal__payee", "committee").order_by("proposal").distinct()
    )


def _seats_after_change(panel: Panel, proposal: Proposal) -> None:
    last, before = list(proposal.revisions.order_by("-number")[:2])
    parties_changed = (last.project_name, last.payee_name) != (before.project_name, before.payee_name)
    sitting = counting.sitting(panel.committee)
    seats = list(panel.seats.exclude(state=State.RECUSED).select_related("user"))
    hindrances = _excluded([seat.user for seat in seats], proposal)
    for seat in seats:
        if hindrance := hindrances.get(seat.user_id):
            recuse(seat, proposal, ground=hindrance.rule, reason=hindrance.sentence, automatic=True)
            continue
        if parties_changed and seat.state == State.CLEAR:
            seat.state, seat.declared_at = State.INVITED, None
            seat.save(update_fields=["state", "declared_at"])
        if seat.user_id in sitting:
            emails.tell_change(seat, panel, last.number)


def _rules(committee: Committee, members: int) -> dict[str, int | str]:
    return {
        "size": committee.size or members,
        "employer_limit": committee.employer_limit,
        "quorum_percent": committee.quorum_percent,
        "majority_percent": committee.majority_percent,
        "minimum_reviews": committee.minimum_reviews,
        "tie": committee.tie,
        "review_days": committee.review_days,
    }
