"""Reads of goals for pages: how far one is, in days and money, and who pledged. Nothing here is stored; it is added up when asked."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funding import clock, days
from funding.funds import flows, needs
from funding.funds.flows import Flow
from funding.funds.models import Need, Project
from funding.funds.needs import Told
from funding.money import Money
from funding.people.models import User
from funding.web import ahead
from funding.web.ahead import Question
from funding.web.attention import Found, Item
from sponsors.goals.emails import words as deadline_words
from sponsors.goals.models import Goal, Pledge
from sponsors.goals.services.pledging import takes_pledges
from sponsors.invoices.models import Payment
from sponsors.sponsorships import naming
from sponsors.sponsorships.selectors import parties_of
from sponsors.tiers.fees import estimate, percent_words

State = Pledge.State
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tally:
    """So many pledges and their sum, before fees."""

    count: int
    sum: Money


@dataclass(frozen=True, slots=True)
class Figures:
    """How far a goal is. `half_days` are what the pledges buy after estimated fees or, once they are collected, what stayed in the fund.

    `worked` is the part of them that was paid out for work. `collected` is what the cards were charged, `returned` what of it
    was refunded since or taken back by banks.
    """

    goal: Goal
    promised: Tally
    collected: Tally
    dropped: Tally
    owed: Tally
    returned: Money
    half_days: int
    worked: int
    fund: Flow | None

    @property
    def needed(self) -> int:
        return self.goal.half_days

    @property
    def least(self) -> int:
        """Half days of which the minimum buys the last in part, after estimated fees: where the meter has its bar. None for keep it."""
        if self.goal.rule != Goal.Rule.ALL:
            return 0
        net = estimate(self.goal.minimum, self.goal.host_fee_basis_points).net.amount
        return -(-net // days.price(1, self.goal.rate).amount)

    @property
    def reached(self) -> bool:
        """Whether the cards would be charged if this were the deadline."""
        return self.goal.rule == Goal.Rule.ALL and self.promised.sum.amount >= self.goal.minimum_amount

    @property
    def drawn(self) -> int:
        """How many half days the meter has boxes for."""
        return max(self.goal.half_days, self.half_days, self.least)

    @property
    def to_do(self) -> int:
        """Half days that the money which came still pays for."""
        return max(0, self.half_days - self.worked)

    @property
    def paid(self) -> bool:
        """Whether the meter shows money that came, instead of promises."""
        return self.goal.state in (Goal.State.COLLECTING, Goal.State.MET)

    @property
    def open(self) -> bool:
        return takes_pledges(self.goal)

    @property
    def time_left(self) -> str:
        return time_left(self.goal.deadline_at - clock.now())

    @property
    def deadline(self) -> str:
        return deadline_words(self.goal)


def time_left(left: dt.timedelta) -> str:
    """`12 days`, `5 hours`, `1 minute`: the largest unit, rounded down."""
    seconds = int(left.total_seconds())
    if seconds <= 0:
        return _("none")
    if n := seconds // 86_400:
        return ngettext("{n} day", "{n} days", n).format(n=n)
    if n := seconds // 3_600:
        return ngettext("{n} hour", "{n} hours", n).format(n=n)
    if n := seconds // 60:
        return ngettext("{n} minute", "{n} minutes", n).format(n=n)
    return _("less than a minute")


def public() -> QuerySet[Goal]:
    return Goal.objects.filter(state__in=Goal.PUBLIC).select_related("project", "fund__account", "need")


def open_now(most: int) -> QuerySet[Goal]:
    """Goals that take pledges now, at most so many, those that end first."""
    return public().filter(state=Goal.State.OPEN, deadline_at__gt=clock.now()).order_by("deadline_at", "pk")[:most]


def figures(goals: Iterable[Goal]) -> list[Figures]:
    """Each goal with its sums, in a number of queries that does not grow with goals or pledges."""
    found = list(goals)
    if not found:
        return []
    ahead.look(*questions(found))
    sums: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
    for pk, state, amount, number in ahead.rows(_pledges(found)):
        sums[pk, state].append((amount, number))
    came = _came(found)
    returned: dict[int, int] = defaultdict(int)
    for pk, amount in _returned(came) if came else ():
        returned[pk] += amount
    in_funds = {flow.fund.pk: flow for flow in flows.of(goal.fund for goal in came if goal.fund)} if came else {}
    return [_figures(goal, sums, returned[goal.pk], in_funds.get(goal.fund_id or 0)) for goal in found]


def questions(goals: Sequence[Goal]) -> list[Question]:
    """What `figures` asks first, for a page that looks ahead."""
    came = _came(goals)
    return [_pledges(goals), *([_collected(came), _paid_back(came)] if came else [])]


def _came(goals: Iterable[Goal]) -> list[Goal]:
    return [goal for goal in goals if goal.state in (Goal.State.COLLECTING, Goal.State.MET)]


def _pledges(goals: Sequence[Goal]) -> QuerySet[Pledge, tuple[int, str, int, int]]:
    rows = Pledge.objects.filter(goal__in=list(goals)).order_by().values_list("goal", "state", "sponsorship__amount")
    return rows.annotate(number=Count("pk"))


def _collected(goals: Sequence[Goal]) -> QuerySet[Pledge, tuple[int, int]]:
    return Pledge.objects.filter(goal__in=list(goals), state=State.COLLECTED).values_list("sponsorship", "goal")


def _paid_back(goals: Sequence[Goal]) -> QuerySet[Payment, tuple[int, int]]:
    back = Payment.objects.filter(returned__gt=0, surplus=False, invoice__sponsorship__in=_collected(goals).values("sponsorship"))
    return back.values_list("invoice__sponsorship", "returned")


def _returned(goals: Sequence[Goal]) -> list[tuple[int, int]]:
    """What went back of pledges: the goal and the sum of each payment."""
    pledges = dict(ahead.rows(_collected(goals)))
    return [(pledges[sponsorship], amount) for sponsorship, amount in ahead.rows(_paid_back(goals))]


def _figures(goal: Goal, sums: Mapping[tuple[int, str], list[tuple[int, int]]], returned: int, fund: Flow | None) -> Figures:
    def tally(*states: str) -> Tally:
        rows = [row for state in states for row in sums.get((goal.pk, state), [])]
        return Tally(sum(number for amount, number in rows), Money(sum(amount * number for amount, number in rows), goal.currency))

    promised = [row for state in Pledge.COUNTED for row in sums.get((goal.pk, state), [])]
    net = sum(estimate(Money(amount, goal.currency), goal.host_fee_basis_points).net.amount * number for amount, number in promised)
    came = fund is not None and goal.state in (Goal.State.COLLECTING, Goal.State.MET)
    bought = fund.came_in - fund.other_out if came and fund is not None else Money(net, goal.currency)
    return Figures(
        goal=goal,
        promised=tally(*Pledge.COUNTED),
        collected=tally(State.COLLECTED),
        dropped=tally(State.DROPPED),
        owed=tally(State.PLEDGED, State.OWED) if goal.decided else tally(State.OWED),
        returned=Money(returned, goal.currency),
        half_days=days.affordable(bought, goal.rate),
        worked=days.affordable(fund.spent, goal.rate) if came and fund is not None else 0,
        fund=fund,
    )


def pledgers(goal: Goal) -> list[tuple[str, Money]]:
    """Who pledged, as each chose to be named, with the sum: names A to Z, then the withheld ones added up, each kind in one line.

    Once a goal is met, who paid; nobody who was dropped is named, and nobody at all where nobody was charged.
    """
    shown = {Goal.State.OPEN: Pledge.COUNTED, Goal.State.COLLECTING: (*Pledge.OPEN, State.COLLECTED), Goal.State.MET: (State.COLLECTED,)}
    rows = Pledge.objects.filter(goal=goal, state__in=shown.get(Goal.State(goal.state), ())).exclude(state=State.STARTED)
    named: dict[str, int] = {}
    withheld: dict[str, list[int]] = {naming.UNNAMED: [], naming.SECRET: []}
    for how, name, amount in rows.values_list("sponsorship__naming", "sponsorship__public_name", "sponsorship__amount"):
        if how == naming.PUBLIC:
            named[name] = named.get(name, 0) + amount
        else:
            withheld[how].append(amount)
    found = sorted(named.items(), key=lambda item: (item[0].casefold(), item[0]))
    for how, amounts in withheld.items():
        name, n = naming.shown_name(how, ""), len(amounts)
        if amounts:
            found.append(
                (name if n == 1 else ngettext("{name}, {n} pledge", "{name}, {n} pledges", n).format(name=name, n=n), sum(amounts))
            )
    return [(name, Money(amount, goal.currency)) for name, amount in found]


def uses(goal: Goal) -> list[tuple[Need, Told]]:
    """What the goal's money is for: approved work that it was raised for, and what waits for work, each with what it is about."""
    return needs.of_fund(goal.fund) if goal.fund else []


def rule_words(goal: Goal) -> list[str]:
    """The rule as everybody reads it before they pledge."""
    if goal.rule == Goal.Rule.ALL:
        first = _("All or nothing. If at least {sum} is pledged by the deadline, every card is charged. If not, nobody is charged.")
    else:
        first = _("At the deadline every card is charged, whatever the sum.")
    return [
        first.format(sum=goal.minimum),
        _("A card that is refused can be put right for seven days. What is not paid by then is dropped, and the goal stands."),
        _(
            "What is more than the plan buys more days of {project}. The card's fee and the host's share, {percent}, come off each pledge."
        ).format(project=goal.project, percent=percent_words(goal.host_fee_basis_points)),
    ]


def late(limit: int) -> Found:
    """Goals that should be over and are not: undecided an hour after the deadline, or not finished a day after the grace."""
    now = clock.now()
    undecided = Q(state=Goal.State.OPEN, deadline_at__lt=now - HOUR)
    unfinished = Q(state=Goal.State.COLLECTING, collect_until__lt=now - DAY)
    found = Goal.objects.filter(undecided | unfinished).order_by("deadline_at", "pk")
    items = [
        Item(
            what=_("Goal: {title}").format(title=goal.title),
            since=goal.collect_until or goal.deadline_at,
            why=_("Its deadline has passed and it is not decided. The processor may be away; the log of the job collect_goals says why.")
            if goal.state == Goal.State.OPEN
            else _("A pledge is still open, or paid and not in the books. The list of payments that need a person may name it."),
            url=reverse("goals:goal", args=[goal.slug]),
        )
        for goal in found[:limit]
    ]
    return Found(items, found.count())


def own(user: User) -> list[Pledge]:
    """The pledges of the parties that the user acts for, newest first; those that never had a card are left out."""
    mine = Pledge.objects.filter(sponsorship__party__in=parties_of(user)).exclude(state=State.LAPSED)
    return list(mine.select_related("goal__project", "sponsorship").order_by("-pk"))


def of_project(project: Project) -> QuerySet[Goal]:
    """A project's public goals for its page, by deadline."""
    return public().filter(project=project).order_by("deadline_at", "pk")


def newest_payment(pledge: Pledge) -> Payment | None:
    return Payment.objects.filter(invoice__sponsorship=pledge.sponsorship_id).order_by("-pk").first()
