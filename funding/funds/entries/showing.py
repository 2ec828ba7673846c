"""All that a voucher says and would write, for whoever reads it before they agree: its words, its people, each line, each fund."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from funding import clock
from funding.funds import reserve, restrictions
from funding.funds.entries import matching, vouchers
from funding.funds.models import Fund, Voucher
from funding.ledger.services import Line
from funding.money import Money

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Fact = tuple["StrOrPromise", Any]
Kind = Voucher.Kind
READ_WITH = (
    "asked_by", "fund__account", "taker__account", "party", "of__party", "of__reservation", "reservation",
    "line__entry", "line__credit_account", "line__party",
)  # fmt: skip


def facts(it: Voucher) -> list[Fact]:
    """What the paper says, and what it goes on from. Only what there is."""
    every: list[Fact] = [
        (_("Voucher"), f"{it.ref}: {it.get_kind_display()}"),
        (_("Asked by"), it.asked_by.name),
        (_("Asked on"), it.asked_at),
        (_("Because"), it.reason),
        (_("Day in the books"), _day(it)),
        (_("Reference"), it.bank_reference),
        (_("Where it lies"), it.get_place_display() if it.kind in (Kind.OPENING, Kind.PROCESSOR_FEE) else ""),
        (_("Owed"), it.owed and it.get_owed_display()),
        (_("Who paid"), it.party and it.party.name),
        (_("Tax in it"), it.tax and str(Money(it.tax, it.currency))),
        (_("The host's share"), it.host_fee and str(Money(it.host_fee, it.currency))),
        (_("What came of it"), it.into and str(it.into)),
        (_("Rate"), it.rate and f"1 {it.currency} = {it.rate.normalize():f} {it.into_currency}"),
        *_before(it),
        *_line(it),
        *_promise(it),
    ]
    return [(name, value) for name, value in every if value]


def funds(it: Voucher, lines: Iterable[Line]) -> list[Fact]:
    """Each fund that gives or takes, with what restricts it and what it has now."""
    accounts = {account.pk for line in lines for account in (line.debit, line.credit)}
    accounts |= {fund.account_id for fund in (it.fund, it.taker) if fund}
    found = Fund.objects.filter(account__in=accounts).select_related("account", "project").prefetch_related("projects", "lines")
    return [(fund.name, terms(fund)) for fund in found.order_by("name")]


def terms(fund: Fund) -> str:
    """What a fund is for and what holds it to that, in one line."""
    projects = [fund.project] if fund.project else list(fund.projects.all())
    said = [f"{fund.get_kind_display()}: {fund.purpose}"]
    if projects:
        said.append(_("for work on {projects}").format(projects=", ".join(project.name for project in projects if project)))
    if fund.starts_on:
        said.append(_("of work from {day}").format(day=fund.starts_on.isoformat()))
    if fund.ends_on:
        said.append(_("of work until {day}").format(day=fund.ends_on.isoformat()))
    if fund.closeout_on:
        said.append(_("pays until {day}").format(day=fund.closeout_on.isoformat()))
    said += [_("{line}: {left} of {budget} left").format(line=it.line, left=it.left, budget=it.budget) for it in restrictions.stands(fund)]
    if fund.ended_at:
        said.append(_("what it was opened for is over"))
    if reserve.is_own(fund) and (short := reserve.shortfall(fund.currency)):
        said.append(_("the host is short of {short}, and this repays it first").format(short=short))
    said.append(_("{available} available now").format(available=vouchers.available(fund)))
    return "; ".join(said)


def rows(lines: Sequence[Line]) -> list[tuple[str, str, Money]]:
    """Every line that would be written, as an accountant reads it: debit, credit, sum."""
    accounts = {account.pk for line in lines for account in (line.debit, line.credit)}
    names = dict(Fund.objects.filter(account__in=accounts).values_list("account", "name"))
    return [
        (_named(line.debit.code, names.get(line.debit.pk)), _named(line.credit.code, names.get(line.credit.pk)),
         Money(line.amount, line.debit.currency))
        for line in lines
    ]  # fmt: skip


def _named(code: str, name: str | None) -> str:
    return f"{name} ({code})" if name else code


def _day(it: Voucher) -> Any:
    """What is decided is dated on the day of the decision."""
    return clock.today() if it.kind in Voucher.DECIDED and it.state == Voucher.State.ASKED else it.effective_on


def _before(it: Voucher) -> list[Fact]:
    if it.of is None:
        return []
    before = it.of
    said = [f"{before.ref}: {before.get_kind_display()}", str(before.money), before.effective_on.isoformat()]
    said += [text for text in (before.bank_reference, before.party and before.party.name, before.reason) if text]
    return [(_("Goes on from"), "; ".join(said))]


def _line(it: Voucher) -> list[Fact]:
    if it.line is None:
        return []
    entry = it.line.entry
    found: list[Fact] = [
        (_("Booked before"), _("Entry {number}").format(number=entry.pk)),
        (_("Of that"), str(it.line.money)),
        (_("On"), entry.stated_on or entry.effective_on),
    ]
    return [*found, (_("Given by"), it.line.party.name)] if it.line.party else found


def _promise(it: Voucher) -> list[Fact]:
    if it.kind == Kind.MATCHING and it.fund and it.state == Voucher.State.BOOKED:
        return [(_("Still held"), _("{sum} of {fund}").format(sum=matching.left(it), fund=it.fund.name))]
    if it.kind == Kind.MATCHING and it.fund:
        return [(_("Held from then on"), _("{sum} of {fund}").format(sum=it.money, fund=it.fund.name))]
    if it.kind == Kind.MATCHING_ENDED and it.of and it.fund:
        return [(_("Still held, and free from then on"), _("{sum} of {fund}").format(sum=matching.left(it.of), fund=it.fund.name))]
    return []
