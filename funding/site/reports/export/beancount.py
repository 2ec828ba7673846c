"""The books as a Beancount file, for `bean-check` and whatever else reads that format.

Each account ends in a balance assertion of the totals that its row stores, with no tolerance. So `bean-check` adds up every transfer
by itself and says whether the books do too. docs/export.md says why days are book days and which account stands where.
"""

from __future__ import annotations

import datetime as dt
import re
from itertools import groupby
from typing import TextIO

from django.utils.translation import override

from funding.people.models import Host
from funding.site.reports.export import rows
from funding.site.reports.export.rows import Fact, Held, Progress, Summary

ROOTS = {"cash": "Assets", "clearing": "Assets", "fund": "Equity", "owed": "Liabilities", "shortfall": "Equity"}
"""Where each class of account stands. There is no income and no expense: money belongs to its fund from the first moment."""

CURRENCY = re.compile(r"[A-Z]{3}")


@override(None)
def write(full: bool, to: TextIO, progress: Progress) -> Summary:
    """Accounts, then one transaction for each entry, then what each account holds after the last day."""
    accounts = rows.accounts(full)
    names = {account.code: account_name(account.klass, account.code) for account in accounts}
    summary = Summary(accounts=len(accounts))
    _head(to, accounts)
    last = max((account.opened for account in accounts), default=None)
    for _number, group in groupby(rows.facts(), key=lambda fact: fact.number):
        for place, fact in enumerate(group):
            if place == 0:
                _transaction(to, fact)
                summary.entries += 1
                last = max(last or fact.book_day, fact.book_day)
            _postings(to, fact, names, full)
            summary.transfers += 1
            summary.moved[fact.currency] += fact.amount
            if summary.transfers % rows.PIECE == 0:
                progress(summary.transfers)
        to.write("\n")
    if last is not None:
        _balances(to, accounts, names, last + dt.timedelta(days=1))
    return summary


def account_name(klass: str, code: str) -> str:
    """`fund:my-goal:USD` → `Equity:Fund:My-goal:USD`. Two codes never have one name.

    A part of three capitals stays as it is. Of every other part the first letter becomes a capital, and a character that is neither a
    small letter, a digit nor a hyphen becomes `X` and its code in two small hexadecimal digits. A part that begins with one of those, or
    with a hyphen or a `0`, has it written as `0X` and the two digits.
    """
    return ":".join([ROOTS[klass], *(_part(part) for part in code.split(":"))])


def _part(part: str) -> str:
    if CURRENCY.fullmatch(part):
        return part
    if not part:
        return "0X00"
    first = part[0].upper() if _plain(part[0]) and part[0] not in "0-" else f"0{_escaped(part[0])}"
    return first + "".join(char if _plain(char) else _escaped(char) for char in part[1:])


def _plain(char: str) -> bool:
    return char.isascii() and (char.islower() or char.isdigit() or char == "-")


def _escaped(char: str) -> str:
    return f"X{ord(char):02x}"


def _head(to: TextIO, accounts: list[Held]) -> None:
    host = Host.get()
    to.write(";; The books, one transaction for each entry, on its book day. A debit is positive.\n")
    to.write(f'option "title" {text(host.name if host else "Daybook")}\n')
    for currency in sorted({account.currency for account in accounts}):
        to.write(f'option "operating_currency" "{currency}"\n')
    to.write("\n")
    for account in accounts:
        to.write(f"{account.opened} open {account_name(account.klass, account.code)} {account.currency}\n")
        to.write(f"  code: {text(account.code)}\n")
    to.write("\n")


def _transaction(to: TextIO, fact: Fact) -> None:
    links = f"^entry-{fact.number}" + (f" ^entry-{fact.reverses}" if fact.reverses else "")
    to.write(f"{fact.book_day} * {text(fact.kind)} {links}\n")
    to.write(f"  entry: {fact.number}\n  effective: {fact.effective_on}\n  source: {text(fact.source)}\n")
    to.write(f"  reference: {text(fact.reference)}\n  revision: {fact.revision}\n")


def _postings(to: TextIO, fact: Fact, names: dict[str, str], full: bool) -> None:
    to.write(f"  {names[fact.debit]}  {rows.figures(fact.amount, fact.currency)} {fact.currency}\n")
    to.write(f"    line: {fact.line}\n    kind: {text(fact.what)}\n")
    if fact.about:
        to.write(f"    about: {text(fact.about)}\n")
    if full and fact.party is not None:
        to.write(f"    party: {fact.party}\n    party-name: {text(fact.party_name or '')}\n")
    to.write(f"  {names[fact.credit]}  {rows.figures(-fact.amount, fact.currency)} {fact.currency}\n")


def _balances(to: TextIO, accounts: list[Held], names: dict[str, str], on: dt.date) -> None:
    for account in accounts:
        held = rows.figures(account.debits - account.credits, account.currency)
        # Without “~ 0” the reader would let a difference of one minor unit pass.
        to.write(f"{on} balance {names[account.code]} {held} ~ 0 {account.currency}\n")


def text(value: str) -> str:
    """A string as the format writes it: on one line, whatever somebody typed."""
    plain = "".join(char if char.isprintable() else " " for char in value)
    return '"{}"'.format(plain.replace("\\", "\\\\").replace('"', '\\"'))
