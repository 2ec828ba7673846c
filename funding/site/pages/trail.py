"""One payment's way, to the cent: paid in, fees, the fund, the half days that it paid for, and what is still unspent."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypedDict

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from funding.components import formats
from funding.components.parts import Column, Link, Pill, Station, Table
from funding.funds import provenance, sources
from funding.funds.models import Fund, Project
from funding.funds.payers import Payer
from funding.funds.sources import Label
from funding.ledger.models import Entry, Transfer
from funding.money import Money, total
from funding.people.roles import Viewer
from funding.site.reports.month import ALLOCATION, CARD_FEE, HOST_FEE, PAYOUT, Worked, bought, worked
from funding.web import ahead
from grants.payouts.models import Payout, PayoutLine
from grants.timesheets.models import WorkEntry
from sponsors.invoices.models import Payment

PAYMENTS = Payment.objects.filter(surplus=False).select_related("invoice__sponsorship__project", "entry")
"""A surplus buys nothing and has no way to follow."""
GIVEN_BACK = "given_back"
"""The sponsor's own unspent money, on its way back to them."""
WORK = WorkEntry.objects.select_related("worker", "engagement", "approved_by")
LATEST = 40
"""Half days that were paid out last, among which one is looked for that a sponsor paid."""
NUMBER = re.compile(r"(?:entry\s*)?#?(\d{1,12})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PaidDay:
    """One half day that the payment helped to pay: `amount` of `work.cost` is this payment's."""

    work: Worked
    amount: Money
    payout: Payout | None


@dataclass(frozen=True, slots=True)
class Moved:
    """`amount` of the payment went from one fund into another in that entry; both are named."""

    amount: Money
    giver: str
    taker: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Trail:
    """`gross = fees + pooled`, and `pooled = Σ days + other uses + unspent`. Before it is booked only `payment` is known.

    `lying` is where the unspent rest is: each fund's name with its sum. `also` are the projects whose funds it was moved to.
    """

    payment: Payment
    label: Label
    entry: Entry | None
    gross: Money
    card_fee: Money
    host_fee: Money
    pooled: Money
    days: tuple[PaidDay, ...]
    other: Money
    returned: Money
    """Of what reached the fund, what was given back: refunds and disputes."""
    moved: tuple[Moved, ...] = ()
    lying: tuple[tuple[str, Money], ...] = ()
    also: tuple[Project, ...] = ()

    @property
    def spent(self) -> Money:
        return sum((day.amount for day in self.days), Money.zero(self.pooled.currency))

    @property
    def unspent(self) -> Money:
        return self.pooled - self.spent - self.other - self.returned

    @property
    def stations(self) -> list[Station]:
        return stations(self)

    @property
    def projects(self) -> list[Project]:
        return [self.payment.invoice.sponsorship.project, *self.also]

    @property
    def waits_in(self) -> str:
        return formats.listed(name for name, _sum in self.lying)

    @property
    def table(self) -> Table:
        return table(self)

    @property
    def moves_table(self) -> Table:
        return moves_table(self)


def of(ref: str, viewer: Viewer) -> Trail | None:
    """The trail of the payment with that reference, named as `viewer` may see it; None when there is no such payment."""
    payment = PAYMENTS.filter(ref=ref, state__in=Payment.TAKEN).first()
    return _trail(payment, viewer) if payment else None


def paid_last(project: Project | None = None) -> QuerySet[WorkEntry]:
    """The half days that were paid out last, of one project or of all, for `behind`."""
    sent = Transfer.objects.filter(kind=PAYOUT, about_kind="work").order_by("-id")
    if project:
        sent = sent.filter(about_id__in=WorkEntry.objects.filter(engagement__project=project).values("pk"))
    return WORK.filter(pk__in=sent.values("about_id")[:LATEST]).order_by("-date", "-slot")


def latest(viewer: Viewer) -> list[Station]:
    """The stations of a payment behind the half days that were paid out last, of all projects; empty before the first."""
    return behind(worked(ahead.rows(paid_last()), viewer))


def behind(items: Iterable[Worked]) -> list[Station]:
    """The stations of one payment behind the first of these half days that a sponsor paid; empty while there is none."""
    for item in items:
        for payer in item.payers:
            if payer.about and payer.about[0] == "payment":
                return _one_way(item, payer)
    return []


def _one_way(item: Worked, payer: Payer) -> list[Station]:
    """The five stops of the payment of `payer`, with this half day as the work. The trail's own page reads the rest."""
    pk = (payer.about or ("", 0))[1]
    found, lines = PAYMENTS.filter(pk=pk), PayoutLine.objects.filter(work_entry=item.entry.pk).select_related("payout")
    ahead.look(found, _lines(pk), lines)
    payment = ahead.rows(found)[0]
    parts = _parts(payment)
    amount = total((one.amount for one in item.payers if one.about == payer.about), item.cost.currency)
    line = next(iter(ahead.rows(lines)), None)
    day, nothing = PaidDay(item, amount, line.payout if line else None), Money.zero(payment.currency)
    return stations(Trail(payment, payer.label, payment.entry, payment.money, **parts, days=(day,), other=nothing, returned=nothing))


def find(text: str) -> str | None:
    """The address of what somebody typed: an entry's number or a payment's reference, if it exists."""
    if not text:
        return None
    if PAYMENTS.filter(ref=text.upper(), state__in=Payment.TAKEN).exists():
        return reverse("pages:payment-trail", args=[text.upper()])
    if (found := NUMBER.fullmatch(text)) and Entry.objects.filter(pk=int(found[1])).exists():
        return reverse("pages:entry", args=[int(found[1])])
    return None


def _trail(payment: Payment, viewer: Viewer) -> Trail:
    label = sources.describe([("payment", payment.pk)], viewer)["payment", payment.pk]
    currency = payment.currency
    allocated = payment.entry.transfers.filter(kind=ALLOCATION).values_list("pk", flat=True) if payment.entry else []
    ways = provenance.onward(list(allocated)).values()
    shares = [share for way in ways for share in way.uses]
    amounts: dict[int, int] = {}
    for share in shares:
        if share.transfer.kind == PAYOUT and share.about:
            amounts[share.about[1]] = amounts.get(share.about[1], 0) + share.amount
    return Trail(
        payment=payment,
        label=label,
        entry=payment.entry,
        gross=payment.money,
        **_parts(payment),
        days=_paid_days(amounts, currency, viewer),
        other=Money(sum(share.amount for share in shares if share.transfer.kind not in (PAYOUT, GIVEN_BACK)), currency),
        returned=Money(sum(share.amount for share in shares if share.transfer.kind == GIVEN_BACK), currency),
        **_between_funds(ways, payment),
    )


def _between_funds(ways: Collection[provenance.Onward], payment: Payment) -> dict[str, Any]:
    """How it went from fund to fund, and where the rest of it lies now."""
    moves = sorted((share for way in ways for share in way.moved), key=lambda share: share.transfer.pk)
    lying: dict[int, int] = defaultdict(int)
    for way in ways:
        for account, amount in way.unspent.items():
            lying[account] += amount
    accounts = {*lying, *(pk for it in moves for pk in (it.transfer.debit_account_id, it.transfer.credit_account_id))}
    funds = {fund.account_id: fund for fund in Fund.objects.filter(account__in=accounts).select_related("project")}
    names, currency = {pk: fund.name for pk, fund in funds.items()}, payment.currency
    here = payment.invoice.sponsorship.project
    reached = {fund.project for share in moves if (fund := funds.get(share.transfer.credit_account_id)) and fund.project}
    return {
        "moved": tuple(
            Moved(Money(it.amount, currency), names[it.transfer.debit_account_id], names[it.transfer.credit_account_id], it.transfer.entry)
            for it in moves
        ),
        "lying": tuple((names[account], Money(amount, currency)) for account, amount in lying.items()),
        "also": tuple(sorted((it for it in reached if it != here and it.state != Project.State.DRAFT), key=lambda it: it.name)),
    }


def _lines(pk: int) -> QuerySet[Transfer]:
    """The lines of the entry of a payment, by its id; none before it is booked."""
    return Transfer.objects.filter(entry__in=Payment.objects.filter(pk=pk).values("entry"))


class Parts(TypedDict):
    card_fee: Money
    host_fee: Money
    pooled: Money


def _parts(payment: Payment) -> Parts:
    """What the entry of the payment says of its fees and of what reached the fund."""
    transfers = ahead.rows(_lines(payment.pk))

    def part(kind: str) -> Money:
        return Money(sum(row.amount for row in transfers if row.kind == kind), payment.currency)

    return {"card_fee": part(CARD_FEE), "host_fee": part(HOST_FEE), "pooled": part(ALLOCATION)}


def _paid_days(amounts: dict[int, int], currency: str, viewer: Viewer) -> tuple[PaidDay, ...]:
    entries = list(WORK.filter(pk__in=amounts).order_by("date", "slot"))
    lines = PayoutLine.objects.filter(work_entry__in=entries).select_related("payout__payee")
    payouts = {line.work_entry_id: line.payout for line in lines}
    return tuple(PaidDay(item, Money(amounts[item.entry.pk], currency), payouts.get(item.entry.pk)) for item in worked(entries, viewer))


def _day_part(net: Money, rate: Money) -> str:
    share: Decimal = bought(net, rate)
    return ngettext("{days} day", "{days} days", max(1, math.ceil(share))).format(days=f"{share.normalize():f}")


def stations(it: Trail) -> list[Station]:
    """Five stops. What has not happened yet is drawn as due, in words that say what it waits for."""
    sponsorship = it.payment.invoice.sponsorship
    project = sponsorship.project
    payer = f"{it.label.text}, {sponsorship.tier_name}"
    if it.entry is None:
        waiting = _("The processor has not told its fee yet; it is booked as soon as it does.")
        return [
            Station(_("Paid in"), it.gross, payer, on=it.payment.paid_on, pill=Pill(_("Being booked"), "wait")),
            Station(_("Fees"), "", waiting, due=True),
            *(Station(name, due=True) for name in (_("Pooled"), _("Worked"), _("Paid out"))),
        ]
    on, link = it.entry.effective_on, _entry_link(it.entry.number)
    fees = _("Card {card_fee}, host {host_fee}").format(card_fee=it.card_fee, host_fee=it.host_fee)
    pooled = _("{sum} into the fund of {project}").format(sum=it.pooled, project=project.name)
    return [
        Station(_("Paid in"), it.gross, payer, on=on, reference=link),
        Station(_("Fees"), -(it.card_fee + it.host_fee), fees, on=on, reference=link),
        Station(_("Pooled"), _day_part(it.pooled, project.rate), pooled, on=on, reference=link),
        *_moved_station(it),
        *_work_stations(it),
    ]


def _moved_station(it: Trail) -> list[Station]:
    if not it.moved:
        return []
    last, count = it.moved[-1], len(it.moved)
    if count > 1:
        often = ngettext("{count} time", "{count} times", count).format(count=count)
        return [Station(_("Moved"), often, _("Between funds; each move is listed below."), on=last.entry.effective_on)]
    into = _("From the fund of {giver} into the fund of {taker}").format(giver=last.giver, taker=last.taker)
    return [Station(_("Moved"), last.amount, into, on=last.entry.effective_on, reference=_entry_link(last.entry.number))]


def moves_table(it: Trail) -> Table:
    return Table(
        caption=_("How it went from fund to fund"),
        columns=[Column(_("Entry")), Column(_("Date"), "date"), Column(_("From")), Column(_("To")), Column(_("Sum"), "number")],
        rows=[[_entry_link(row.entry.number), row.entry.effective_on, row.giver, row.taker, row.amount] for row in it.moved],
    )


def _entry_link(number: int) -> Link:
    return Link(_("Entry {number}").format(number=number), reverse("pages:entry", args=[number]))


def _work_stations(it: Trail) -> list[Station]:
    if not it.days:
        return [
            Station(_("Worked"), _("Not yet"), _("The next half days that are paid out draw on it, oldest money first."), due=True),
            Station(_("Paid out"), _("Not yet"), "", due=True),
        ]
    day = it.days[0]
    entry = day.work.entry
    sums = [str(payer.amount) for payer in day.work.payers]
    told, approved = f"{entry.worker.public_name}: {entry.note}.", ""
    if len(sums) > 1:
        drew = ngettext("This half day drew on {count} payment: {sums}.", "This half day drew on {count} payments: {sums}.", len(sums))
        told = f"{told} {drew.format(count=len(sums), sums=', '.join(sums))}"
    if entry.approved_by and entry.approved_at:
        approved = _("Approved by {name}, {date}").format(name=entry.approved_by, date=formats.date(entry.approved_at.date()))
    confirmed = day.payout is not None and day.payout.state == Payout.State.CONFIRMED
    return [
        Station(_("Worked"), entry.when, told, note=approved),
        Station(
            _("Paid out"),
            day.work.cost,
            _("To {name} for the half day. {sum} of it is this payment.").format(name=entry.worker.public_name, sum=day.amount),
            on=day.work.paid_on,
            reference=_entry_link(day.work.last_entry) if day.work.last_entry else None,
            pill=Pill(_("Confirmed"), "paid") if confirmed else Pill(_("Sent"), "wait"),
        ),
    ]


def table(it: Trail) -> Table:
    """Every half day that the payment helped to pay; the foot is what reached the fund."""
    rows: list[Sequence[object]] = [
        [day.work.entry.note, day.work.entry.when, day.work.entry.worker.public_name, day.work.cost, day.amount] for day in it.days
    ]
    if it.returned:
        rows.append([_("Refunded or disputed"), "", "", None, it.returned])
    if it.other:
        rows.append([_("Used otherwise"), "", "", None, it.other])
    if it.moved:
        rows += [[_("Not spent yet, in {fund}").format(fund=name), "", "", None, amount] for name, amount in it.lying]
    else:
        rows.append([_("Not spent yet"), "", "", None, it.unspent])
    return Table(
        caption=_("What {ref} paid for").format(ref=it.payment.ref),
        columns=[
            Column(_("Work")),
            Column(_("When")),
            Column(_("Who")),
            Column(_("Half day costs"), "number", minor=True),
            Column(_("From this payment"), "number"),
        ],
        rows=rows,
        foot=[_("Reached the fund"), "", "", None, it.pooled],
    )
