"""Take a sum out of what one contribution brought, let it leave, and put it back: the four entries of a refund or dispute.

    take       fund → held        what `planning.plan` says, under the lock of every fund of the currency
    pay        held → cash        the processor sent it, or the bank keeps it
    bring_back cash → held        a refund that failed after it had left
    give_back  held → fund        a refund that failed, a dispute won: to where each line came from

Each is one entry, posted once, all of it or nothing. The caller has locked its own rows first. No network here.
Source of the rules: docs/refunds.md; research: ledger-proof, entry table.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from funding import clock
from funding.errors import Conflict
from funding.funds import carrying, reserve, whereabouts
from funding.funds import services as funds
from funding.funds.models import Carried
from funding.ledger import links
from funding.ledger import services as ledger
from funding.ledger.models import Account, Entry, Transfer
from funding.ledger.services import Line
from sponsors.refunds import planning
from sponsors.refunds.models import TakenPart, Taking
from sponsors.refunds.planning import COVER, Part, Plan, Step, Stretch

FEE = "processor_fee"
RESTORED, UNCOVER = "restored", "uncover"
Ref = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Fact:
    """What an entry is called and dated: `source` and `reference` name the fact, `about` is what `funds.sources` can name."""

    kind: str
    source: str
    reference: str
    effective_on: dt.date
    about: Ref


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a contribution: an inflow with the account that it fed (a fund; of a surplus the owed one), or the fee.
    `left` is what no taking has taken."""

    inflow: Transfer | None
    home: Account
    left: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What a taking of `amount` would do now. `asked` is each part's sum, in the order of `shares`."""

    shares: tuple[Share, ...]
    asked: tuple[int, ...]
    excess: int
    plan: Plan


def shares(contribution: Entry) -> list[Share]:
    """The parts of a contribution with what is left of each, the inflows first and the fee last."""
    currency, taken = "", defaultdict[int | None, int](int)
    for part in TakenPart.objects.filter(taking__contribution=contribution, taking__given_back_entry=None):
        taken[part.inflow_id] += part.amount
    found, fee = [], 0
    for row in contribution.transfers.select_related("credit_account", "debit_account").order_by("line"):
        currency = row.currency
        if row.credit_account.klass in (Account.Klass.FUND, Account.Klass.OWED):
            found.append(Share(row, row.credit_account, row.amount - taken[row.pk]))
        elif row.kind == FEE:
            fee += row.amount
    return [*found, Share(None, funds.host_fund(currency).account, fee - taken[None])]


def left(contribution: Entry) -> int:
    """How much of the sum that was paid can still go back, in minor units."""
    return sum(share.left for share in shares(contribution))


def quote(*, contribution: Entry, amount: int, fee: int = 0, fee_to: Account | None = None) -> Quote:
    """What would happen now. Inside `take` the books are held still; on a page it is a forecast.

    `fee` is what the processor charges for a dispute; it goes to `fee_to` and the host bears it like a lost card fee.
    """
    parts = shares(contribution)
    currency = contribution.transfers.values_list("currency", flat=True)[0]
    excess = max(0, amount - sum(share.left for share in parts))
    asked = planning.divide(amount - excess, [share.left for share in parts])
    host = funds.host_fund(currency).account
    wanted = [_part(share, part) for share, part in zip(parts, asked, strict=True) if part]
    wanted += [Part(host.pk, excess)] if excess else []
    wanted += [Part(host.pk, fee, to=fee_to.pk)] if fee and fee_to else []
    spare, owed = reserve.reserve_fund(currency).account, reserve.shortfall_account(currency)
    fresh = Account.objects.filter(currency=currency, klass=Account.Klass.FUND)
    available = {account.pk: account.available.amount for account in fresh}
    made = planning.plan(wanted, available=available, host=host.pk, reserve=spare.pk, shortfall=owed.pk)
    return Quote(tuple(parts), tuple(asked), excess, made)


@transaction.atomic
def take(
    *,
    contribution: Entry,
    amount: int,
    holding: Account,
    fact: Fact,
    extra: Iterable[Line] = (),
    fee: int = 0,
    fee_to: Account | None = None,
) -> tuple[Taking, Quote]:
    """Gather `amount` minor units in `holding` (an owed account), from where the contribution's money lies and, for what is
    spent, from who bears it. `extra` lines go into the same entry. Returns what was done too, for the caller to judge:
    a caller that refuses it raises, and the transaction undoes everything.
    """
    currency = holding.currency
    reserve.reserve_fund(currency)
    reserve.shortfall_account(currency)
    ledger.hold(currency=currency)
    done = quote(contribution=contribution, amount=amount, fee=fee, fee_to=fee_to)
    if done.plan.held != amount:
        raise Conflict(f"{amount} was to be gathered and the plan gathers {done.plan.held}.")
    accounts = Account.objects.in_bulk({pk for step in done.plan.steps for pk in (step.debit, step.credit) if pk})
    parties = dict(contribution.transfers.values_list("pk", "party_id"))
    lines = [_line(step, accounts, holding, fact.about, parties) for step in done.plan.steps]
    entry = _post(fact, [*lines, *extra])
    taking = Taking.objects.create(contribution=contribution, amount=amount, excess=done.excess, currency=currency, entry=entry)
    TakenPart.objects.bulk_create(
        [TakenPart(taking=taking, inflow=share.inflow, amount=part) for share, part in zip(done.shares, done.asked, strict=True) if part]
    )
    first = entry.transfers.order_by("pk")[0]
    Carried.objects.bulk_create([Carried(inflow_id=it.inflow, start=it.start, end=it.end, by=first) for it in done.plan.carried])
    return taking, done


@transaction.atomic
def pay(*, taking: Taking, cash: Account, fact: Fact) -> Entry:
    """What was held has left: each item is settled from `cash`."""
    if taking.paid_entry or taking.given_back_entry:
        raise Conflict(f"{taking} is not held any more.")
    items = _items(taking)
    lines = [
        Line(item.credit_account, cash, item.amount, fact.kind, party_id=item.party_id, about=fact.about, settles=item.pk) for item in items
    ]
    taking.paid_entry = _post(fact, lines)
    taking.save(update_fields=["paid_entry"])
    return taking.paid_entry


@transaction.atomic
def bring_back(*, taking: Taking, cash: Account, fact: Fact) -> Entry:
    """What had left is at the processor again, and held as before."""
    if taking.paid_entry is None or taking.returned_entry:
        raise Conflict(f"{taking} has not left, or is back already.")
    rows = taking.paid_entry.transfers.select_related("debit_account").order_by("line")
    lines = [Line(cash, row.debit_account, row.amount, fact.kind, party_id=row.party_id, about=fact.about, source=row.pk) for row in rows]
    taking.returned_entry = _post(fact, lines)
    taking.save(update_fields=["returned_entry"])
    return taking.returned_entry


@transaction.atomic
def give_back(*, taking: Taking, fact: Fact, extra: Iterable[Line] = ()) -> Entry:
    """Undo a taking that is held: each line goes back to where it came from, and the covers back to who gave them.

    The shortfall takes no more than is open; what the host has repaid meanwhile goes to its general fund. A cover that its
    fund has spent meanwhile is paid back with that fund's oldest money. Units that were carried are the sponsor's again,
    except what came back into a fund meanwhile: that stays nobody's.
    """
    ledger.hold(currency=taking.currency)
    taking = Taking.objects.select_for_update(of=("self",)).get(pk=taking.pk)
    if taking.given_back_entry or (taking.paid_entry and not taking.returned_entry):
        raise Conflict(f"{taking} is not held.")
    rows = list(taking.entry.transfers.select_related("debit_account", "credit_account").order_by("line"))
    items = _items(taking)
    restoring = _Restoring(taking.currency, fact)
    for row, item in zip((row for row in rows if row.credit_account_id == items[0].credit_account_id), items, strict=True):
        restoring.restore(row, item)
    for row in reversed([row for row in rows if row.kind == COVER]):
        restoring.uncover(row)
    entry = _post(fact, [*restoring.lines, *extra])
    taking.given_back_entry = entry
    taking.save(update_fields=["given_back_entry"])
    Carried.objects.filter(by__entry=taking.entry_id).update(undone_by=entry.transfers.order_by("pk")[0])
    return entry


class _Restoring:
    """Collects the lines of `give_back`; knows how much of the shortfall is still open while it does."""

    def __init__(self, currency: str, fact: Fact) -> None:
        self.fact = fact
        self.open = reserve.shortfall(currency).amount
        self.host = funds.host_fund(currency).account
        self.back: list[Line] = []
        self.pinned: list[Line] = []
        self.ordinary: list[Line] = []

    @property
    def lines(self) -> list[Line]:
        """Credits first, then pins, then what spends in order."""
        return [*self.back, *self.pinned, *self.ordinary]

    def restore(self, row: Transfer, item: Transfer) -> None:
        """`item` is what is held now of the line `row` of the taking."""
        for account, amount in self._to(row.debit_account, item.amount):
            self.back.append(Line(item.credit_account, account, amount, RESTORED, item.party_id, self.fact.about, settles=item.pk))

    def uncover(self, row: Transfer) -> None:
        rest, fund, about = row.amount, row.credit_account, self.fact.about
        for start, end in reversed(links.unspent(row)):
            for account, amount in self._to(row.debit_account, end - start):
                self.pinned.append(Line(fund, account, amount, UNCOVER, about=about, pin=(end - amount, end)))
                end -= amount
                rest -= amount
        for account, amount in self._to(row.debit_account, rest):
            self.ordinary.append(Line(fund, account, amount, UNCOVER, about=about))

    def _to(self, account: Account, amount: int) -> Iterable[tuple[Account, int]]:
        if account.klass != Account.Klass.SHORTFALL:
            return [(account, amount)] if amount else []
        open_ = min(amount, self.open)
        self.open -= open_
        return [(to, part) for to, part in ((account, open_), (self.host, amount - open_)) if part]


def _part(share: Share, amount: int) -> Part:
    if share.inflow is None:
        return Part(share.home.pk, amount)
    if share.home.klass == Account.Klass.OWED:
        return Part(share.home.pk, amount, share.inflow.pk, items=tuple(_open_items(share.inflow)))
    found = whereabouts.of(share.inflow)
    carried = carrying.at(carrying.of([share.inflow.pk])[share.inflow.pk])
    stretches = tuple(Stretch(lying.account_id, lying.start, lying.end, lying.position) for lying in found.unspent)
    spent = tuple(part for span in found.spent for part in carrying.outside(span, carried))
    return Part(share.home.pk, amount, share.inflow.pk, stretches, spent)


def _line(step: Step, accounts: dict[int, Account], holding: Account, about: Ref, parties: Mapping[int, int | None]) -> Line:
    return Line(
        accounts[step.debit],
        accounts[step.credit] if step.credit else holding,
        step.amount,
        step.kind,
        party_id=parties.get(step.inflow or 0),
        about=about,
        pin=step.pin,
        settles=step.settles,
    )


def _open_items(first: Transfer) -> Iterator[tuple[int, int]]:
    """What is open of a surplus: its own item, and what takings that came to nothing put back, oldest first."""
    back = Taking.objects.filter(contribution=first.entry_id).values("given_back_entry")
    rows = Transfer.objects.filter(Q(pk=first.pk) | Q(entry__in=back, credit_account=first.credit_account_id))
    for row in rows.annotate(paid=Coalesce(Sum("settlements__amount"), 0)).order_by("pk"):
        if row.amount > row.paid:
            yield row.pk, row.amount - row.paid


def _items(taking: Taking) -> list[Transfer]:
    """What is held, line by line in the order of the taking: the lines of the taking, or of the entry that brought it back."""
    entry = taking.returned_entry or taking.entry
    rows = entry.transfers.filter(credit_account__klass=Account.Klass.OWED)
    return list(rows.select_related("credit_account", "debit_account").order_by("line"))


def _post(fact: Fact, lines: list[Line]) -> Entry:
    return ledger.post(
        kind=fact.kind, source=fact.source, reference=fact.reference, lines=lines, at=clock.now(), effective_on=fact.effective_on
    )
