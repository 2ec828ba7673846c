"""What pledgers and maintainers are told by mail. Each once, however often the fact is met. Call in the fact's transaction."""

from __future__ import annotations

from typing import Any

from funding import clock
from funding.components.formats import date
from funding.funds import services as funds
from funding.mail import services as mail
from funding.money import Money
from funding.people import roles
from funding.people.roles import Role
from sponsors.billing import links as billing_links
from sponsors.billing.models import CardChange
from sponsors.goals import links
from sponsors.goals.models import Goal, Pledge
from sponsors.invoices.models import Payment

WANTS_OWNER = "authentication_required"


def words(goal: Goal) -> str:
    """The deadline as its maintainer said it, and in UTC where that differs."""
    local = goal.deadline
    said = f"{date(local.date())}, {local:%H:%M} {goal.zone.replace('_', ' ')}"
    return said if goal.zone == "UTC" else f"{said} ({goal.deadline_at:%H:%M} UTC)"


def pledged(pledge: Pledge) -> None:
    _to_pledger("pledge_made", f"pledged:{pledge.ref}", pledge)


def changed(pledge: Pledge, before: Money) -> None:
    _to_pledger("pledge_changed", f"pledge-changed:{pledge.ref}:{clock.now():%Y%m%d%H%M%S%f}", pledge, before=before)


def card_changed(pledge: Pledge, change: CardChange) -> None:
    _to_pledger("pledge_card", f"pledge-card:{change.ref}", pledge, change=change, owed=pledge.state == Pledge.State.OWED)


def too_late(pledge: Pledge, change: CardChange) -> None:
    if pledge.state in (Pledge.State.STARTED, Pledge.State.LAPSED, Pledge.State.WITHDRAWN):
        _to_pledger("pledge_too_late", f"pledge-too-late:{change.ref}", pledge)


def withdrawn(pledge: Pledge) -> None:
    _to_pledger("pledge_withdrawn", f"pledge-withdrawn:{pledge.ref}", pledge)


def released(pledge: Pledge) -> None:
    _to_pledger("pledge_released", f"pledge-released:{pledge.ref}", pledge)


def refused(pledge: Pledge, payment: Payment | None) -> None:
    """The card was refused, or still is on a day of reminders."""
    it = pledge.sponsorship
    _to_pledger(
        "pledge_refused",
        f"pledge-refused:{pledge.ref}:{pledge.reminders}",
        pledge,
        payment=payment,
        again=pledge.reminders > 1,
        wants_owner=payment is not None and payment.failure_code == WANTS_OWNER,
        card_url=billing_links.card(it),
        pay_url=billing_links.pay(it),
        until=date(pledge.goal.collect_until.date()) if pledge.goal.collect_until else "",
    )


def dropped(pledge: Pledge) -> None:
    _to_pledger("pledge_dropped", f"pledge-dropped:{pledge.ref}", pledge)


def decided(goal: Goal, sum_: Money) -> None:
    _to_maintainers("goal_decided", f"goal-decided:{goal.slug}", goal, promised=sum_, pledges=_count(goal))


def finished(goal: Goal) -> None:
    _to_maintainers("goal_finished", f"goal-finished:{goal.slug}", goal)


def _to_pledger(kind: str, key: str, pledge: Pledge, **more: Any) -> None:
    goal = pledge.goal
    context = {
        "pledge": pledge,
        "sponsorship": pledge.sponsorship,
        "goal": goal,
        "project": goal.project,
        "host": funds.host(),
        "deadline": words(goal),
        "pledge_url": links.pledge(pledge),
        "goal_url": links.goal(goal),
        **more,
    }
    mail.queue(kind=kind, to=pledge.sponsorship.contact_email, key=key, context=context)


def _to_maintainers(kind: str, key: str, goal: Goal, **more: Any) -> None:
    context = {"goal": goal, "project": goal.project, "host": funds.host(), "goal_url": links.goal(goal), **more}
    for person in roles.holders(Role.MAINTAINER, goal.project.subject):
        mail.queue(kind=kind, to=person.email, key=f"{key}:{person.pk}", context=context)


def _count(goal: Goal) -> int:
    return Pledge.objects.filter(goal=goal, state__in=Pledge.COUNTED).count()
