"""Write a goal, publish it once, and call it off. After publishing, price, deadline and rule stay as they are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo, available_timezones

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from funding import clock, days
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.funds import services as funds
from funding.funds.models import Fund, Need, Project
from funding.money import Money
from funding.people.models import User
from sponsors.goals import policies
from sponsors.goals.models import GOAL, Goal
from sponsors.tiers.fees import estimate

MAX_MINIMUM = 10**9
SHORTEST, LONGEST = dt.timedelta(hours=1), dt.timedelta(days=366)
"""How far ahead a deadline lies when a goal is published."""
RESERVED = {"new", "mine", "pledges"}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a goal says. `deadline` carries its zone's name in `zone`; `need` is what it is raised for, or None."""

    title: str
    summary: str
    story: str
    half_days: int
    rate: Money
    minimum: Money
    rule: str
    deadline: dt.datetime
    zone: str
    need: Need | None = None


def instant(day: dt.date, time: dt.time, zone: str) -> dt.datetime:
    """That wall-clock time in that zone, as UTC. Raises Invalid for a zone that nobody uses and a time that the clocks skip."""
    if zone not in available_timezones():
        raise Invalid(_("Choose a time zone from the list."), field="zone")
    local = dt.datetime.combine(day, time, ZoneInfo(zone))
    utc = local.astimezone(dt.UTC)
    if utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Invalid(_("The clocks are put forward over this time on that day, so it does not exist. Choose another one."), field="time")
    return utc


@audited("goals.create", subject="project")
def create_goal(*, actor: User, project: Project, slug: str, terms: Terms) -> Goal:
    """A draft that only the project's editors see. Raises Refused, Invalid (also for an address that is taken)."""
    policies.require_editor(actor, project)
    _check(project, terms)
    if slug in RESERVED:
        raise Invalid(_("This address is used by the site itself."), field="slug")
    try:
        with transaction.atomic():
            return Goal.objects.create(project=project, slug=slug, created_by=actor, created_at=clock.now(), **_columns(terms))
    except IntegrityError:
        raise Invalid(_("Another goal has this address already."), field="slug") from None


@audited("goals.edit", subject="goal")
def edit_goal(*, actor: User, goal: Goal, version: int, terms: Terms) -> Goal:
    """Change a draft. `version` is the one that the form was opened with. Raises Refused, Invalid, Conflict."""
    policies.require_editor(actor, goal.project)
    locked = lock(goal.pk)
    if locked.state != Goal.State.DRAFT:
        raise Conflict(_("This goal is published. People pledge to what they read, so it stays as it is."))
    if locked.version != version:
        raise Conflict(_("Somebody else changed this goal after you opened it. Nothing of yours was saved; look at it again."))
    _check(locked.project, terms)
    for name, value in _columns(terms).items():
        setattr(locked, name, value)
    locked.version += 1
    locked.save()
    return locked


@audited("goals.publish", subject="goal")
def publish_goal(*, actor: User, goal: Goal, version: int) -> Goal:
    """Take pledges from now on, as it stood when the confirm page was opened. Opens its restricted fund.

    Raises Refused, Conflict (changed since, published already, a project that is not open), Invalid (a deadline too near or too far).
    """
    policies.require_editor(actor, goal.project)
    locked = lock(goal.pk)
    GOAL.check(locked.state, Goal.State.OPEN)
    if locked.version != version:
        raise Conflict(_("This goal was changed after you opened the page. Read it again before you publish it."))
    if locked.project.state != Project.State.OPEN:
        raise Conflict(_("{project} is not open, so nobody could pledge.").format(project=locked.project))
    if not SHORTEST <= locked.deadline_at - clock.now() <= LONGEST:
        raise Invalid(_("The deadline has to lie between an hour and a year ahead. Edit the goal, then publish it."))
    _check_need(locked.project, locked.need, locked.rate)
    locked.fund = funds.open_fund(
        slug=f"goal-{locked.slug}",
        name=_("Goal: {title}").format(title=locked.title),
        kind=Fund.Kind.RESTRICTED,
        purpose=_("Work on {project}: {title}").format(project=locked.project, title=locked.title),
        currency=locked.currency,
        project=locked.project,
    )
    locked.host_fee_basis_points = funds.host().fee_basis_points
    locked.state, locked.published_at = Goal.State.OPEN, clock.now()
    locked.save()
    return locked


@audited("goals.call_off", subject="goal")
def call_off(*, actor: User, goal: Goal, reason: str) -> Goal:
    """End an open goal before its deadline: nobody is charged, and each pledger is told why. Raises Refused, Invalid, Conflict."""
    policies.require_editor(actor, goal.project)
    if not reason.strip():
        raise Invalid(_("Say why, for those who pledged."), field="reason")
    locked = lock(goal.pk)
    if locked.state != Goal.State.OPEN or clock.now() >= locked.deadline_at:
        raise Conflict(_("Only a goal that still takes pledges can be called off."))
    GOAL.check(locked.state, Goal.State.FAILED)
    locked.state, locked.decided_at, locked.called_off = Goal.State.FAILED, clock.now(), reason.strip()[:300]
    locked.save()
    if locked.fund is not None:
        funds.end_fund(locked.fund)
    return locked


def lock(pk: int) -> Goal:
    """The row as it is now. Lock a sponsorship before its goal, and a goal before its pledges."""
    rows = Goal.objects.select_related("project", "fund", "need")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=pk)


def _columns(terms: Terms) -> dict[str, object]:
    return {
        "title": terms.title.strip(),
        "summary": terms.summary.strip(),
        "story": terms.story,
        "half_days": terms.half_days,
        "rate_amount": terms.rate.amount,
        "currency": terms.rate.currency,
        "minimum_amount": terms.minimum.amount,
        "rule": terms.rule,
        "deadline_at": terms.deadline,
        "zone": terms.zone,
        "need": terms.need,
        "host_fee_basis_points": funds.host().fee_basis_points,
    }


def _check(project: Project, terms: Terms) -> None:
    if not terms.title.strip():
        raise Invalid(_("Enter a title."), field="title")
    if not 0 < terms.half_days <= days.MAX_HALF_DAYS:
        raise Invalid(_("Enter the days that the work takes."), field="half_days")
    if terms.rate.currency != project.rate_currency or terms.minimum.currency != project.rate_currency:
        raise Invalid(_("{project} keeps its books in {currency}.").format(project=project, currency=project.rate_currency), field="rate")
    days.check_rate(terms.rate)
    if terms.rule not in Goal.Rule.values:
        raise Invalid(_("Choose what happens if the minimum is not reached."), field="rule")
    if not 0 < terms.minimum.amount <= MAX_MINIMUM:
        raise Invalid(_("Enter the smallest sum with which the work can begin, at most ten million."), field="minimum")
    half_a_day = days.price(1, terms.rate)
    if estimate(terms.minimum, funds.host().fee_basis_points).net.amount < half_a_day.amount:
        raise Invalid(_("After the fees this would not buy half a day, which costs {sum}.").format(sum=half_a_day), field="minimum")
    if terms.deadline <= clock.now():
        raise Invalid(_("The deadline is still to come."), field="day")
    _check_need(project, terms.need, terms.rate)


def _check_need(project: Project, need: Need | None, rate: Money) -> None:
    """A goal is raised for a need of its own project that still waits, at the rate that was approved for it."""
    if need is None:
        return
    need.refresh_from_db()
    if need.project_id != project.pk or need.state != Need.State.WANTED:
        raise Invalid(_("This does not wait for money any more. Choose another one, or none."), field="need")
    if need.rate != rate:
        raise Invalid(_("It was approved at {rate} a day. Use that day rate.").format(rate=need.rate), field="rate")
