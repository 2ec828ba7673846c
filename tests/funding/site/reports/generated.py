"""Long books, made by rule: thousands of gifts, payouts, confirmations and moves in currencies of 0, 2 and 3 places."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict

from funding.ledger import services as ledger
from funding.ledger.models import Account, Transfer
from funding.ledger.services import Line
from tests.funding.ledger import books as accounts

CURRENCIES = ("USD", "JPY", "BHD")
FUNDS = 20


def books(transfers: int, *, batch: int, seed: int = 5) -> int:
    """Post at least so many transfers in entries of at most `batch` lines, on a day that moves; returns how many there are."""
    dice = random.Random(seed)
    made, number = 0, 0
    while made < transfers:
        currency = CURRENCIES[number % len(CURRENCIES)]
        made += _entry(dice, currency, number, min(batch, transfers - made + 8))
        number += 1
    return made


def _entry(dice: random.Random, currency: str, number: int, most: int) -> int:
    """One entry: of its lines most bring gifts in, the others move and owe a part of what came in before them, and pay old items."""
    funds = [accounts.fund(f"f{index}-{currency.lower()}", currency) for index in range(FUNDS)]
    cash, through, owed = accounts.cash(currency), accounts.clearing(currency), accounts.payouts(currency)
    have = {row.pk: row.available.amount for row in Account.objects.filter(pk__in=[fund.pk for fund in funds])}
    items = _open_items(owed, most // 8)
    lines: list[Line] = []
    while len(lines) + 4 <= most:
        gift, fee = dice.randint(100, 50_000), dice.randint(1, 99)
        fund, other = dice.sample(funds, 2)
        lines += [Line(cash, through, gift, "contribution"), Line(through, cash, fee, "processor_fee")]
        lines.append(Line(through, fund, gift - fee, "allocation"))
        have[fund.pk] += gift - fee
        spent = dice.randint(1, have[fund.pk])
        have[fund.pk] -= spent
        if dice.random() < 0.5:
            lines.append(Line(fund, other, spent, "fund_move"))
            have[other.pk] += spent
        else:
            lines.append(Line(fund, owed, spent, "payout_sent"))
        if items and len(lines) < most:
            item, left = items.pop()
            lines.append(Line(owed, cash, dice.randint(1, left), "payout_confirmed", settles=item))
    ledger.post(
        kind="generated",
        source="generated",
        reference=f"batch-{number}",
        lines=lines,
        at=accounts.AT + dt.timedelta(minutes=number),
        effective_on=accounts.DAY - dt.timedelta(days=number % 90),
    )
    ledger.advance_book_day(accounts.DAY + dt.timedelta(days=number // 3))
    return len(lines)


def _open_items(owed: Account, most: int) -> list[tuple[int, int]]:
    """Some items that are owed, each with what is left of it."""
    left: dict[int, int] = defaultdict(int)
    for pk, amount in Transfer.objects.filter(credit_account=owed).values_list("pk", "amount").order_by("-pk")[: most * 2]:
        left[pk] = amount
    for pk, amount in Transfer.objects.filter(settles__in=left).values_list("settles", "amount"):
        left[pk or 0] -= amount
    return [(pk, amount) for pk, amount in left.items() if amount > 0][:most]
