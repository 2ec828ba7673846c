"""Prints the books as an accountant reads them: an entry, its date, and each transfer with its debit and credit."""

from __future__ import annotations

from collections import Counter
from io import StringIO

from django.core.management import call_command

from funding.ledger.models import Account, Entry
from funding.ledger.selectors import balances


def journal(*, folded: bool = False) -> str:
    """Every entry in the order of writing, then the balances. `folded`: equal lines of an entry as one, with how many there are."""
    lines = []
    for entry in Entry.objects.prefetch_related("transfers__debit_account", "transfers__credit_account"):
        lines.append(f"{entry.number:>3}  {entry.effective_on}  {entry.kind}  ({entry.source} {entry.reference})")
        rows = [
            f"     {row.kind:<18} dr {row.debit_account.code:<22} cr {row.credit_account.code:<22} {row.money.figures:>10}"
            for row in entry.transfers.all()
        ]
        lines += [f"{row}  × {count}" if count > 1 else row for row, count in Counter(rows).items()] if folded else rows
    lines.append("")
    for balance in balances(Account.objects.all()).values():
        held = f"  reserved {balance.reserved}" if balance.reserved else ""
        lines.append(f"     {balance.account.code:<26} {balance.amount.figures:>10}{held}")
    return "\n".join(lines)


def verified() -> str:
    """What `verify_books` prints; it raises CommandError when an invariant does not hold."""
    out = StringIO()
    call_command("verify_books", stdout=out)
    return out.getvalue()
