"""The figures of an award, all from the ledger: what arrived, what is owed, and what its fund reserved, spent and has left.

`until` counts only what is dated up to and including that day. Every sum is in the award's currency.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.utils.translation import gettext as _

from funding import clock
from funding.funds import needs, restrictions, sources
from funding.funds.models import LineReservation, Need, Project
from funding.funds.needs import Told
from funding.funds.restrictions import LineStand
from funding.ledger.models import ReservationMove, Transfer
from funding.money import Money
from funding.people.roles import Viewer
from funding.web import ahead
from funding.web.ahead import Question
from grants.awards import tranches
from grants.awards.models import Award, Tranche

ADVANCES = ("bridge", "bridge_repaid")
"""Between the host's general fund and an award's: paid ahead, and repaid."""
BACK, AHEAD = "back", "ahead"


@dataclass(frozen=True, slots=True)
class Figures:
    """One award: `arrived` in the bank, of that `held` as owed; `received` by its fund, of that given back, reserved and spent.

    `advanced` is what the host paid ahead and has not got back: in the fund, or spent, and received from nobody.
    """

    promised: Money
    arrived: Money
    held: Money
    received: Money
    advanced: Money
    given_back: Money
    reserved: Money
    spent: Money

    @property
    def left(self) -> Money:
        """What the fund can still promise."""
        return self.received + self.advanced - self.given_back - self.reserved - self.spent

    @property
    def to_come(self) -> Money:
        return max(self.promised - self.arrived, Money.zero(self.promised.currency))


def figures(award: Award, *, until: dt.date | None = None) -> Figures:
    """Read now. An award without a fund has received nothing."""
    return of_awards([award], until=until)[award.pk]


def of_awards(awards: Iterable[Award], *, until: dt.date | None = None) -> dict[int, Figures]:
    """The figures of each award by its id, in a constant number of queries. Give the awards with their funds."""
    wanted = list(awards)
    accounts = [it.fund.account_id for it in wanted if it.fund]
    ahead.look(*questions(wanted, until))
    arrived, held = _by_award(wanted, until)
    into, out, mirrored, given_back, advanced = _by_account(accounts, until)
    back = restrictions.returns(accounts, until=until)
    reserved = dict(ahead.rows(_held(accounts, until)))
    found = {}
    for it in wanted:
        key = it.fund.account_id if it.fund else 0
        twice = sum(one.amount for one in back.get(key, ())) + mirrored.get(key, 0)
        sums = (
            it.amount,
            arrived.get(it.pk, 0),
            held.get(it.pk, 0),
            into.get(key, 0) - twice,
            advanced.get(key, 0),
            given_back.get(key, 0),
            reserved.get(key, 0),
            out.get(key, 0) - twice - given_back.get(key, 0),
        )
        found[it.pk] = Figures(*(Money(sum_, it.currency) for sum_ in sums))
    return found


def questions(awards: Sequence[Award], until: dt.date | None = None) -> list[Question]:
    """What `of_awards` asks first, for a page that looks ahead."""
    accounts = [it.fund.account_id for it in awards if it.fund]
    ours = _tranches(awards)
    by_tranche = _moved(ours.values("pk"), until)
    return [ours, by_tranche, _through(accounts, until), restrictions.brought_back(accounts, until), _held(accounts, until)]


def public_of(project: Project) -> QuerySet[Award]:
    """The awards that everybody may read and that may pay for a project, newest first, each with `shared_by` so many projects."""
    found = Award.objects.filter(state__in=Award.PUBLIC, projects=project).select_related("grantor", "fund__account")
    shared = Award.objects.filter(pk=OuterRef("pk")).order_by().annotate(n=Count("projects")).values("n")
    return found.annotate(shared_by=Subquery(shared))


def with_figures(awards: Iterable[Award]) -> list[tuple[Award, Figures]]:
    rows = list(awards)
    found = of_awards(rows)
    return [(award, found[award.pk]) for award in rows]


def arrivals(awards: Iterable[Award], *, until: dt.date | None = None) -> dict[int, int]:
    """Minor units that arrived in the bank, by tranche id; a booking that was reversed counts for nothing.

    What went back unspent had arrived, and is told by itself.
    """
    ids = list(Tranche.objects.filter(award__in=list(awards)).values_list("pk", flat=True))
    rows = _dated(_about(ids), until)
    into, out_of = When(debit_account__klass="cash", then=F("amount")), When(credit_account__klass="cash", then=-F("amount"))
    signed = Case(into, out_of, default=0)
    return {row["about_id"] or 0: row["sum"] for row in rows.order_by().values("about_id").annotate(sum=Sum(signed)) if row["sum"]}


def uses(award: Award) -> list[tuple[Need, Told]]:
    """Approved work that the award is raised for or was named to pay for, each with what it is about."""
    return needs.of_fund(award.fund, besides=award.need) if award.fund else []


@dataclass(frozen=True, slots=True)
class Instalment:
    """A tranche with what arrived of it."""

    tranche: Tranche
    arrived: Money

    @property
    def late(self) -> bool:
        return self.tranche.state == Tranche.State.SCHEDULED


def instalments(award: Award, *, until: dt.date | None = None) -> list[Instalment]:
    return with_arrivals(award, arrivals([award], until=until))


def with_arrivals(award: Award, found: Mapping[int, int]) -> list[Instalment]:
    """The tranches of an award, in order, with what `arrivals` found for them."""
    return [Instalment(it, Money(found.get(it.pk, 0), award.currency)) for it in award.tranches.all()]


@dataclass(frozen=True, slots=True)
class Budget:
    """The lines of a budget, and what the fund reserved and spent on none of them, so that the sums are the fund's."""

    lines: tuple[LineStand, ...]
    other_reserved: Money
    other_spent: Money


def budget(award: Award, whole: Figures, *, until: dt.date | None = None) -> Budget:
    lines = tuple(restrictions.stands(award.fund, until=until)) if award.fund else ()
    zero = Money.zero(award.currency)
    reserved, spent = (sum((getattr(line, name) for line in lines), zero) for name in ("reserved", "spent"))
    return Budget(lines, whole.reserved - reserved, whole.spent - spent)


@dataclass(frozen=True, slots=True)
class Spend:
    """One outflow of the award's fund, or money that came back of one (negative). `text` is for the file only."""

    on: dt.date
    entry: int
    text: str
    project: str
    line: str
    half_days: int
    amount: Money


def spending(award: Award, viewer: Viewer, *, until: dt.date | None = None) -> list[Spend]:
    """Everything that left the fund, in the order of the books, and what came back of it. The host's advance is repaid, not spent."""
    if award.fund is None:
        return []
    left = Transfer.objects.filter(debit_account=award.fund.account_id, pinned=False).exclude(kind__in=ADVANCES)
    rows = list(_dated(left, until).select_related("entry").order_by("pk"))
    labels = sources.describe({(row.about_kind, row.about_id) for row in rows if row.about_kind and row.about_id}, viewer)
    lines = dict(LineReservation.objects.filter(line__fund=award.fund).values_list("reservation_id", "line__name"))
    found = [_spend(row, row.amount, labels, lines) for row in rows]
    back = restrictions.came_back(award.fund, until=until)
    return [*found, *(_spend(it.outflow, -it.amount, labels, lines) for it in back)]


def by_project(found: Iterable[Spend], currency: str) -> list[tuple[str, int, Money]]:
    """(project, half days, sum) of everything that was spent, by name; what is no work last."""
    half_days: dict[str, int] = defaultdict(int)
    sums: dict[str, int] = defaultdict(int)
    for spend in found:
        half_days[spend.project] += spend.half_days
        sums[spend.project] += spend.amount.amount
    other = _("Other")
    return [(name, half_days[name], Money(sums[name], currency)) for name in sorted(sums, key=lambda name: (name == other, name))]


def _spend(row: Transfer, amount: int, labels: Mapping[sources.Ref, sources.Label], lines: Mapping[int, str]) -> Spend:
    label = labels.get((row.about_kind or "", row.about_id or 0), sources.Label(row.kind.replace("_", " ").capitalize()))
    half_days = (label.half_days or 0) if amount > 0 else 0
    text = label.text if amount > 0 else _("Came back: {what}").format(what=label.text)
    line = lines.get(row.reservation_id or 0, "")
    return Spend(row.entry.effective_on, row.entry_id, text, label.project or _("Other"), line, half_days, Money(amount, row.currency))


def _dated(rows: QuerySet[Transfer], until: dt.date | None) -> QuerySet[Transfer]:
    return rows if until is None else rows.filter(entry__effective_on__lte=until)


def _about(ids: Iterable[int] | QuerySet[Tranche, Any]) -> QuerySet[Transfer]:
    return Transfer.objects.filter(about_kind=tranches.SOURCE, about_id__in=ids).exclude(kind=tranches.UNSPENT)


def _tranches(awards: Iterable[Award]) -> QuerySet[Tranche, tuple[int, int]]:
    return Tranche.objects.filter(award__in=list(awards)).order_by().values_list("pk", "award")


def _moved(ids: QuerySet[Tranche, Any], until: dt.date | None) -> QuerySet[Transfer, tuple[int, int, int]]:
    """By tranche: what came to the bank, and what is no longer owed."""
    up = [When(debit_account__klass=klass, then=F("amount")) for klass in ("cash", "owed")]
    down = [When(credit_account__klass=klass, then=-F("amount")) for klass in ("cash", "owed")]
    cash, owed = (Sum(Case(*pair, default=0)) for pair in zip(up, down, strict=True))
    return _dated(_about(ids), until).order_by().values_list("about_id").annotate(cash=cash, owed=owed)


def _through(accounts: Sequence[int], until: dt.date | None) -> QuerySet[Transfer, tuple[int, int, bool, str, int]]:
    """By debit, credit, whether it is pinned, and whether it is the host's advance or was given back: the sum."""
    rows = _dated(Transfer.objects.filter(Q(debit_account__in=accounts) | Q(credit_account__in=accounts)), until).order_by()
    told = Case(When(kind=tranches.UNSPENT, then=Value(BACK)), When(kind__in=ADVANCES, then=Value(AHEAD)), default=Value(""))
    return rows.values_list("debit_account", "credit_account", "pinned", told).annotate(sum=Sum("amount"))


def _held(accounts: Sequence[int], until: dt.date | None) -> QuerySet[ReservationMove, tuple[int, int]]:
    """By account: what its reservations held at the end of that day, or now."""
    adds = [ReservationMove.Kind.RESERVE, ReservationMove.Kind.INCREASE]
    signed = Case(When(kind__in=adds, then=F("amount")), default=-F("amount"))
    moves = ReservationMove.objects.filter(reservation__account__in=accounts).order_by()
    moves = moves if until is None else moves.filter(at__lt=clock.end_of(until))
    return moves.values_list("reservation__account").annotate(sum=Sum(signed))


def _by_award(awards: Sequence[Award], until: dt.date | None) -> tuple[dict[int, int], dict[int, int]]:
    """By award: what its tranches brought to the bank, and what is owed of it. One query for the tranches and one for the sums."""
    ours = _tranches(awards)
    owner = dict(ahead.rows(ours))
    arrived: dict[int, int] = defaultdict(int)
    held: dict[int, int] = defaultdict(int)
    for about, into, less in ahead.rows(_moved(ours.values("pk"), until)):
        arrived[owner[about]] += into
        held[owner[about]] -= less
    return arrived, held


def _by_account(accounts: Sequence[int], until: dt.date | None) -> tuple[Counter[int], ...]:
    """By account: what came in, what went out, of that what only mirrors something else, what was given back, and what the host paid
    ahead and has not got back, which is in neither of the first two. One query."""
    into, out, mirrored, given_back, advanced = Counter[int](), Counter[int](), Counter[int](), Counter[int](), Counter[int]()
    for debit, credit, pinned, told, sum_ in ahead.rows(_through(accounts, until)):
        if told == AHEAD:
            advanced[credit] += sum_
            advanced[debit] -= sum_
            continue
        into[credit] += sum_
        out[debit] += sum_
        if pinned:
            (given_back if told == BACK else mirrored)[debit] += sum_
    return into, out, mirrored, given_back, advanced
