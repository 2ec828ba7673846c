"""Reads about half days: how much of a cap is used, one worker's week, what waits for an approver."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from funding import days
from funding.money import Money
from funding.people import roles
from funding.people.lookback import cowork_since
from funding.people.models import Bar, Membership, User
from grants.engagements import drawing
from grants.engagements.models import Engagement, EngagementFund
from grants.timesheets.models import WorkEntry

State = WorkEntry.State
CLAIMED = (State.LOGGED, State.APPROVED)
WARN_AT_PERCENT = 80
WEEK = 7


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of an engagement's cap is claimed, in half days. What waits for approval counts."""

    cap: int
    logged: int
    approved: int

    @property
    def claimed(self) -> int:
        return self.logged + self.approved

    @property
    def left(self) -> int:
        return max(0, self.cap - self.claimed)

    @property
    def percent(self) -> int:
        return self.claimed * 100 // self.cap

    @property
    def nearly_used(self) -> bool:
        return self.percent >= WARN_AT_PERCENT


def usages(engagements: Iterable[Engagement]) -> Mapping[int, Usage]:
    """Usage by engagement id, in one query."""
    caps = {engagement.pk: engagement.cap_half_days for engagement in engagements}
    found = WorkEntry.objects.filter(engagement__in=caps).values("engagement").order_by("engagement")
    counted = {
        row["engagement"]: row
        for row in found.annotate(logged=Count("pk", filter=Q(state=State.LOGGED)), approved=Count("pk", filter=Q(state=State.APPROVED)))
    }
    nothing = {"logged": 0, "approved": 0}
    return {pk: Usage(cap, counted.get(pk, nothing)["logged"], counted.get(pk, nothing)["approved"]) for pk, cap in caps.items()}


def usage(engagement: Engagement) -> Usage:
    return usages([engagement])[engagement.pk]


def owed(engagement: Engagement) -> Money:
    """What is approved and not yet drawn from the reservations: money that stays reserved when the engagement ends."""
    approved = sum(entry.amount.amount for entry in WorkEntry.objects.filter(engagement=engagement, state=State.APPROVED))
    drawn = EngagementFund.objects.filter(engagement=engagement).aggregate(drawn=Sum("reservation__drawn"))["drawn"] or 0
    return Money(approved - drawn, engagement.currency)


def approved(engagement: Engagement) -> QuerySet[WorkEntry]:
    return WorkEntry.objects.filter(engagement=engagement, state=State.APPROVED)


def dated(entries: Iterable[WorkEntry]) -> list[drawing.Dated]:
    return [drawing.Dated(entry.pk, entry.date, entry.amount) for entry in entries]


def barred(engagement: Engagement) -> Mapping[int, str]:
    """Approved half days, by id, that no fund of the engagement may pay any more, each with the rule in a sentence."""
    found = drawing.barred(engagement, dated(approved(engagement)))
    return {pk: breach.sentence for pk, breach in found.items()}


@dataclass(frozen=True, slots=True)
class Slot:
    """One cell of the week. `entry` is what takes it; `why` says why it cannot be chosen, "" when it can."""

    value: str
    day: dt.date
    slot: str
    entry: WorkEntry | None
    why: str

    @property
    def label(self) -> str:
        return str(WorkEntry.Slot(self.slot).label)

    @property
    def free(self) -> bool:
        return not self.why


def cell_value(day: dt.date, slot: str) -> str:
    """How a form names a cell: `2026-10-14:am`."""
    return f"{day.isoformat()}:{slot}"


def monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def week(worker: User, engagement: Engagement | None, start: dt.date, today: dt.date) -> list[tuple[dt.date, list[Slot]]]:
    """Seven days from Monday `start`, each with its morning and afternoon. One query."""
    dates = [start + dt.timedelta(days=number) for number in range(WEEK)]
    taken = {
        (entry.date, entry.slot): entry
        for entry in WorkEntry.objects.filter(worker=worker, date__in=dates, state__in=CLAIMED).select_related("engagement")
    }
    return [(day, [_slot(day, slot, taken.get((day, slot)), engagement, today) for slot in days.SLOT_NAMES]) for day in dates]


def _slot(day: dt.date, slot: str, entry: WorkEntry | None, engagement: Engagement | None, today: dt.date) -> Slot:
    why = ""
    if entry is not None:
        why = entry.get_state_display()
    elif day > today:
        why = _("To come")
    elif engagement is None or not engagement.allows(day):
        why = _("Outside the engagement")
    return Slot(cell_value(day, slot), day, slot, entry, why)


def entries_of(worker: User) -> QuerySet[WorkEntry]:
    """A worker's entries, newest first, withdrawn ones left out."""
    found = WorkEntry.objects.filter(worker=worker).exclude(state=State.WITHDRAWN)
    return found.select_related("engagement__project", "approved_by").order_by("-date", F("slot").desc(), "-id")


def waiting_for(user: User) -> list[WorkEntry]:
    """Logged entries that `user` may decide about by role, without their own work and what they stepped back from, oldest first.

    A relation or a common employer is found when they act, by the same gate that then says why.
    """
    found = WorkEntry.objects.filter(state=State.LOGGED).exclude(worker=user)
    if not roles.has(user, roles.Role.ADMIN):
        found = found.filter(engagement__project__slug__in=roles.subjects_of(user, roles.Role.MAINTAINER, "project"))
    own = Membership.objects.filter(user=user, role=Membership.Role.OWNER).values("party")
    barred = set(Bar.objects.filter(user=user).values_list("subject", flat=True))
    found = found.exclude(engagement__payee__in=own).select_related(
        "engagement__worker", "engagement__project", "engagement__proposal", "engagement__payee"
    )
    return [entry for entry in found.order_by("engagement_id", "date", "slot") if entry.engagement.proposal.subject not in barred]


def worked_with(users: Collection[int], applicants: Collection[int]) -> set[tuple[int, int]]:
    """(user, applicant) ids of those who shared approved work within the host's months.

    Shared work is approved half days on the same project, or that one of the two approved the other's. Registered as a tie of
    panels (`committee.ties`). One query and one for the months.
    """
    lately = WorkEntry.objects.filter(state=State.APPROVED, date__gt=cowork_since()).order_by()
    worked = defaultdict(set)
    approved = set()
    shared = lately.filter(worker__in=[*users, *applicants]).values_list("worker", "engagement__project", "approved_by")
    for worker, project, approver in shared.distinct():
        worked[worker].add(project)
        approved.add(frozenset((worker, approver)))
    return {
        (user, applicant)
        for user in users
        for applicant in applicants
        if user != applicant and (worked[user] & worked[applicant] or frozenset((user, applicant)) in approved)
    }
