"""Needs: a sum in days and money that is to be found before something starts. Goals, awards and approved proposals meet here.

Two ways in. `want`: work was approved and no fund has the money; somebody `offer`s a fund, the grants side hears `need_met`
and begins the work. `have`: a goal raised money before there was work; the next determination about that project may spend it.

Nothing here moves or holds money. What a fund has is read from its ledger account at the moment somebody asks; the
reservation is made by whoever wanted the money, and they call `meet`. Source of the rules: docs/needs.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from funding import clock, days
from funding.audit.services import audited
from funding.errors import Conflict, Refused
from funding.funds import reserve, restrictions
from funding.funds.flows import GOAL_FUND
from funding.funds.models import BudgetLine, Fund, Need, Project
from funding.funds.restrictions import Breach
from funding.funds.signals import need_met
from funding.ledger import services as ledger
from funding.money import Money
from funding.people import independence, roles
from funding.people.models import Party, User
from funding.states import lifecycle
from funding.web import ahead
from funding.web.ahead import Question

Role = roles.Role
State = Need.State
HANDED = (State.FUNDED, State.MET)
NEED = lifecycle("need", wanted="met dropped", funded="met dropped", met="funded", dropped="")
"""Met becomes funded again only where it is the money that waits: some of it came back (`follow`)."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a need is about, for everybody: its title, its page, and who would be paid (asked before somebody finds money for it)."""

    text: str
    url: str = ""
    beneficiaries: tuple[User | Party, ...] = ()


Describe = Callable[[Iterable[str]], Mapping[str, Told]]
Asks = Callable[[Iterable[str]], list[Question]]

_registry: dict[str, Describe] = {}
_asks: dict[str, Asks] = {}


def register(kind: str, describe: Describe, asks: Asks = lambda abouts: []) -> None:
    """`describe(abouts)` answers a Told for each `about` that begins with `kind` and a colon, asking what `asks(abouts)` says."""
    _registry[kind], _asks[kind] = describe, asks


def questions(found: Iterable[Need]) -> list[Question]:
    """What `describe` asks, for a page that looks ahead."""
    return [question for kind, abouts in _by_kind(found).items() if kind in _asks for question in _asks[kind](abouts)]


def _by_kind(found: Iterable[Need]) -> dict[str, list[str]]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for need in found:
        by_kind[need.kind].append(need.about)
    return by_kind


def describe(found: Iterable[Need]) -> dict[str, Told]:
    """What each need is about, by its `about`; one call to each app that is concerned."""
    by_kind = _by_kind(found)
    told: dict[str, Told] = {}
    for kind, abouts in by_kind.items():
        known = _registry[kind](abouts) if kind in _registry else {}
        told.update({about: known.get(about) or Told(about) for about in abouts})
    return told


def of_fund(fund: Fund, *, besides: Need | None = None) -> list[tuple[Need, Told]]:
    """What a fund was named for, and what it is raised for (`besides`), each with what it is about."""
    named = Q(fund=fund) if besides is None else Q(fund=fund) | Q(pk=besides.pk)
    found = list(Need.objects.filter(named).exclude(state=State.DROPPED).select_related("project").order_by("pk"))
    told = describe(found)
    return [(need, told[need.about]) for need in found]


@transaction.atomic
def want(*, about: str, project: Project, half_days: int, rate: Money) -> Need:
    """Work on `project` was approved for `half_days` at `rate` (a day), and no fund has the money.

    Called by the committee in the transaction that approves it. Once for each `about`; a repeat returns the first.
    Raises Invalid (a rate that cannot be halved).
    """
    days.check_rate(rate)
    terms = {"project": project, "half_days": half_days, "rate_amount": rate.amount, "currency": rate.currency}
    need, _created = Need.objects.get_or_create(about=about, defaults={**terms, "state": State.WANTED, "opened_at": clock.now()})
    return need


@transaction.atomic
def have(*, about: str, project: Project, fund: Fund, rate: Money) -> Need:
    """Money for work on `project` is in `fund`, and there is no work yet. `rate` tells it in days.

    Called by a goal that was raised for nothing in particular. Once for each `about`; a repeat returns the first.
    Raises Conflict (a fund of another currency or for something else).
    """
    days.check_rate(rate)
    _check_fund(fund, project, rate.currency, None)
    terms = {"project": project, "half_days": 0, "rate_amount": rate.amount, "currency": rate.currency, "fund": fund}
    need, _created = Need.objects.get_or_create(about=about, defaults={**terms, "state": State.FUNDED, "opened_at": clock.now()})
    return need


@transaction.atomic
def offer(*, need: Need, fund: Fund, line: BudgetLine | None = None, at_least: int | None = None) -> Need:
    """Money was found for a wanted need: name its fund, and its budget line where it has a budget.

    `need_met` is sent after the commit, and the sweeper finds what it missed. Nothing begins before the fund buys `at_least` so many
    half days: what it buys now when left out, and all of it when that is nothing, so that a fund can be named which is to get its
    money later and no first trickle ends the search. The same fund and line again change nothing and tell nobody anew. Another fund
    takes the first one's place only where the first cannot pay yet.

    Raises Conflict when it is met from another fund or about to be, dropped, of another currency; Refused (purpose, line, period,
    closeout) when the fund may not pay for it (`restrictions`).
    """
    locked = lock(need)
    same = (locked.fund_id, locked.line_id) == (fund.pk, line and line.pk)
    if same and (locked.state == State.MET or (locked.state == State.WANTED and at_least in (None, locked.at_least))):
        return locked
    if locked.state != State.WANTED:
        state = locked.get_state_display().lower()
        raise Conflict(_("{project} has this already: it is {state}.").format(project=locked.project, state=state))
    _check_fund(fund, locked.project, locked.currency, line)
    if locked.fund is not None and not same and affordable(locked):
        raise Conflict(_("{fund} was named for this a moment ago, and has the money.").format(fund=locked.fund.name))
    locked.fund, locked.line, locked.at_least = fund, line, 1
    locked.at_least = min(at_least or affordable(locked) or locked.half_days, locked.half_days)
    locked.save(update_fields=["fund", "line", "at_least"])
    transaction.on_commit(lambda: need_met.send(sender=Need, need=locked), robust=True)
    return locked


@audited("needs.top_up", subject="need")
def top_up(*, actor: User, need: Need, fund: Fund, line: BudgetLine | None = None, seen: int) -> Need:
    """Pay for approved work that waits out of any fund that may: a treasurer names it, and the work begins as after any offer.

    `seen` is the half days that the actor read that it buys: fewer never begin, because what is not bought then is not looked for
    any more. More than it buys now means that its money is on its way.
    Raises Refused (role; independence, with those whom the money would pay; the fund's restrictions; goal), Conflict as `offer` does.
    """
    roles.require(actor, Role.TREASURER)
    told = describe([need])[need.about]
    independence.require(actor, _("find money for this"), beneficiaries=told.beneficiaries, subjects=[need.about])
    if undecided(fund):
        words = _("{fund} pays for nothing else before its goal is met and its pledges are collected.")
        raise Refused(words.format(fund=fund.name), rule="goal")
    return offer(need=need, fund=fund, line=line, at_least=seen)


def meet(*, need: Need) -> Need:
    """The money is held and the work begins. Call it in that transaction, with the row from `lock`. Raises Conflict."""
    return _settle(need, State.MET)


def drop(*, need: Need) -> Need:
    """Nobody needs the money any more. Money that was found stays in its fund. Raises Conflict."""
    return _settle(need, State.DROPPED)


def lock(need: Need) -> Need:
    """The row as it is now, held until the transaction ends. Lock a proposal or a goal before its need (docs/needs.md).

    Without joins: a row that was waited for comes back as it is by then, and what is joined to it as it was before.
    """
    return Need.objects.select_for_update().get(pk=need.pk)


def raised_funds(project: Project) -> list[int]:
    """Keys of the funds that goals raised for the project and handed over: any decision about it may spend them, oldest first.

    Also once they were used up, because money comes back (an engagement that ends early). One that is named for approved work
    which still waits is left to it.
    """
    handed = Q(state=State.FUNDED) | Q(state=State.MET, fund__slug__startswith=GOAL_FUND)
    promised = Need.objects.filter(state=State.WANTED, fund__isnull=False).values("fund")
    found = Need.objects.filter(handed, project=project).exclude(fund__in=promised).order_by("opened_at", "pk")
    return list(dict.fromkeys(found.values_list("fund_id", flat=True)))


def follow() -> int:
    """Let what pages show follow the money: what a goal raised waits for work while its fund buys half a day, and no longer.

    For the sweeper; returns how many changed. Money moves without anybody telling a need: a refund, a move, an engagement's end.
    """
    changed = 0
    for fund in Fund.objects.filter(slug__startswith=GOAL_FUND, pk__in=Need.objects.filter(state__in=HANDED).values("fund")):
        with transaction.atomic():
            changed += _follow(fund)
    return changed


def _follow(fund: Fund) -> bool:
    about = f"goal:{fund.slug.removeprefix(GOAL_FUND)}"
    named = list(Need.objects.select_for_update().filter(Q(fund=fund) | Q(about=about)).order_by("pk"))
    own = next((need for need in named if need.about == about), None)
    promised = any(need.state == State.WANTED for need in named)
    like = own or named[0]
    waits = not promised and days.affordable(ledger.account(fund.account.code).available, like.rate) > 0
    if own is None:
        return waits and have(about=about, project=like.project, fund=fund, rate=like.rate) is not None
    if own.state == State.FUNDED and not waits and not promised:
        meet(need=own)
    elif own.state == State.MET and waits:
        NEED.check(own.state, State.FUNDED)
        own.state, own.settled_at = State.FUNDED, None
        own.save(update_fields=["state", "settled_at"])
    else:
        return False
    return True


def lock_raised(project: Project) -> list[Need]:
    """What waits for work on the project, held until the transaction ends: before its funds are spent, and before the ledger's locks."""
    return list(Need.objects.select_for_update().filter(project=project, state=State.FUNDED).order_by("pk"))


def settle_raised(raised: Iterable[Need]) -> None:
    """Money that waited for work and buys not half a day any more waits no longer. Takes what `lock_raised` held."""
    for need in raised:
        if not affordable(need):
            meet(need=need)


def waiting(project: Project | None = None) -> list[Need]:
    """What waits for money, and what waits for work, the oldest first. One query."""
    return ahead.rows(still_open(project))


def still_open(project: Project | None = None) -> QuerySet[Need]:
    """What `waiting` asks, for a page that looks ahead."""
    found = Need.objects.filter(state__in=[State.WANTED, State.FUNDED]).select_related("project", "fund__account", "line")
    return found.filter(project=project) if project else found


def offered() -> list[int]:
    """Keys of needs that are wanted and name a fund that may have the money: what a sweeper looks at."""
    return list(Need.objects.filter(state=State.WANTED, fund__isnull=False).values_list("pk", flat=True))


def affordable(need: Need) -> int:
    """Whole half days that the named fund pays for now at the need's rate; at most what is wanted.

    0 when no fund is named, and while it buys fewer than `at_least`.
    """
    return bought(need, available(need))


def bought_by_each(found: Iterable[Need]) -> dict[int, int]:
    """`affordable` of many that came from `waiting`, by key, for a page: no query but for funds with a budget."""
    lines: dict[int, Money] = {}
    result: dict[int, int] = {}
    for need in found:
        if need.fund is None:
            result[need.pk] = 0
            continue
        money = need.fund.account.available
        if need.line is not None:
            if need.line.pk not in lines:
                lines |= {stand.line.pk: stand.left for stand in restrictions.stands(need.fund)}
            money = min(money, lines[need.line.pk])
        result[need.pk] = bought(need, money)
    return result


def available(need: Need) -> Money:
    """What the named fund may spend on the need now: what its account has, and no more than its budget line has left."""
    if need.fund is None:
        return Money.zero(need.currency)
    held = ledger.account(need.fund.account.code).available
    return min(held, restrictions.left(need.line)) if need.line else held


def bought(need: Need, money: Money) -> int:
    """Whole half days that the sum pays for at the need's rate: at most what is wanted, and 0 when fewer than `at_least`."""
    there = days.affordable(money, need.rate)
    if there < need.at_least:
        return 0
    return min(there, need.half_days) if need.half_days else there


def may_pay(fund: Fund, need: Need) -> bool:
    """True if a treasurer could name the fund, whatever it has. A fund with a budget pays where a line is named."""
    return fund.currency == need.currency and _breach(fund, need.project) is None and not undecided(fund)


def undecided(fund: Fund) -> bool:
    """True for the fund of a goal that has not handed it over: what lies in it is free for nothing else before the goal is met, or over."""
    return fund.ended_at is None and fund.slug.startswith(GOAL_FUND) and not Need.objects.filter(fund=fund, state__in=HANDED).exists()


def require(fund: Fund, need: Need, amount: Money) -> None:
    """Raise Refused unless the fund may pay that much for the need today (purpose, line, period, closeout, shortfall)."""
    breach = _breach(fund, need.project) or restrictions.find(fund, project=need.project, line=need.line, amount=amount)
    if breach is not None:
        raise Refused(breach.sentence, rule=breach.rule)


def _check_fund(fund: Fund, project: Project, currency: str, line: BudgetLine | None) -> None:
    if fund.currency != currency:
        words = _("{fund} is kept in {currency}, and this is in {other}.")
        raise Conflict(words.format(fund=fund.name, currency=fund.currency, other=currency))
    nothing = Money.zero(currency)
    breach = _breach(fund, project) or restrictions.find(fund, project=project, line=line, amount=nothing)
    if breach is not None:
        raise Refused(breach.sentence, rule=breach.rule)


def _breach(fund: Fund, project: Project) -> Breach | None:
    """The rule that keeps the fund from paying for work on the project that would begin today."""
    today = clock.today()
    return reserve.bars(fund) or restrictions.find(fund, project=project, on=today, paid_on=today)


def _settle(need: Need, state: str) -> Need:
    NEED.check(need.state, state)
    need.state, need.settled_at = state, clock.now()
    need.save(update_fields=["state", "settled_at"])
    return need
