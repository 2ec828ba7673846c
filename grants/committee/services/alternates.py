"""Alternates: who takes the place of somebody who stepped back or left, in the order in which they got the role."""

from __future__ import annotations

from django.db.models import Min
from django.db.models.functions import Lower

from funding import clock
from funding.audit.services import record
from funding.people import roles
from funding.people.models import Host, Membership, Party, RoleGrant, User
from grants.committee import counting, emails, policies
from grants.committee.models import Committee, Panel, Seat


def fill(panel: Panel) -> bool:
    """Seat the next eligible alternates until the panel has its seats in eligible members. True if somebody was seated.

    Somebody whom a rule excludes, or whose employer has its share of the panel already, is passed over and stays on the
    bench. Runs in the caller's transaction, with the proposal under lock or just written.
    """
    sits = counting.sitting(panel.committee)
    present = [seat.user_id for seat in panel.seats.exclude(state=Seat.State.RECUSED) if seat.user_id in sits]
    missing = panel.size - len(present)
    waiting = bench(panel.committee, without=set(panel.seats.values_list("user", flat=True))) if missing > 0 else []
    excluded = policies.hindrances(waiting, panel.proposal)
    seated = False
    for user in waiting:
        if missing <= 0:
            break
        if user.pk in excluded or over_limit(user, present, panel.employer_limit):
            continue
        seat = Seat.objects.create(panel=panel, user=user, is_alternate=True, seated_at=clock.now())
        record(actor=None, act="committee.seat_alternate", subject=panel.proposal.ref, reason=str(user))
        emails.invite(seat, panel)
        present.append(user.pk)
        missing, seated = missing - 1, True
    return seated


def bench(committee: Committee, *, without: set[int]) -> list[User]:
    """The alternates in the order in which they got the role."""
    held = RoleGrant.objects.filter(roles.in_force(), role=roles.Role.ALTERNATE, subject=committee.subject).exclude(user__in=without)
    order = held.values("user").annotate(first=Min("pk")).order_by("first").values_list("user", flat=True)
    people = User.objects.in_bulk(list(order))
    return [people[pk] for pk in order]


def over_limit(user: User, others: list[int], limit: int) -> bool:
    """True if, together with `others`, more than `limit` members would work for one of the user's employers. 0 is no limit."""
    if not limit:
        return False
    shared = employers([*others, user.pk])
    return any(user.pk in staff and len(staff) > limit for staff in shared.values())


def employers(users: list[int]) -> dict[str, set[int]]:
    """Employer's name in small letters → the ids of those of the users who work there today. The host's own staff do not count."""
    companies = Party.objects.filter(kind=Party.Kind.ORGANISATION).exclude(pk__in=Host.objects.values("party"))
    works = Membership.objects.filter(user__in=users, party__in=companies, until=None).annotate(called=Lower("party__name"))
    found: dict[str, set[int]] = {}
    for called, user in works.values_list("called", "user"):
        found.setdefault(called, set()).add(user)
    return found
