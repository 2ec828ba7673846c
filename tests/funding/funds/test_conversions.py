"""Money that was changed into another currency, twice: every payout names its givers to the cent, and no cent is named twice."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from funding.funds import provenance, whereabouts
from funding.ledger import checks, links
from funding.ledger.models import Transfer
from funding.ledger.services import Line
from tests.funding.ledger import books

pytestmark = pytest.mark.django_db


def convert(giver: str, amount: int, taker: str, into: int) -> Transfer:
    """The two lines of a conversion; returns the second."""
    fro, to = giver[-3:], taker[-3:]
    out = books.post(Line(books.fund(giver, fro), books.account(f"cash:bank:{fro}", "cash", fro), amount, "conversion")).transfers.get()
    line = Line(books.account(f"cash:bank:{to}", "cash", to), books.fund(taker, to), into, "conversion", source=out.pk)
    return books.post(line).transfers.get()


@pytest.mark.parametrize("seed", range(6))
def test_no_cent_is_lost_or_named_twice(seed: int) -> None:
    """The oracle maps each edge between two givers by floor(x · b ÷ a), once for each conversion, and never looks at a row."""
    chance = random.Random(seed)
    amounts = [chance.randint(1, 400) for _ in range(5)]
    gifts = [books.contribute(books.fund("eurEUR", "EUR"), amount) for amount in amounts]
    whole, first, second = sum(amounts), chance.randint(40, 3_000), chance.randint(40, 3_000)
    convert("eurEUR", whole, "usdUSD", first)
    convert("usdUSD", first, "jpyJPY", second)
    edges = [sum(amounts[:place]) * first // whole * second // first for place in range(len(amounts) + 1)]
    given: Counter[int] = Counter()
    done = 0
    while done < second:
        part = min(second - done, chance.randint(1, 500))
        work = books.pay_out(books.fund("jpyJPY", "JPY"), part)
        shares = provenance.origins([work.pk])[work.pk]
        assert sum(share.amount for share in shares) == part
        expected = {
            gift.pk: amount
            for gift, low, high in zip(gifts, edges, edges[1:], strict=False)
            if (amount := min(high, done + part) - max(low, done)) > 0
        }
        assert {share.transfer.pk: share.amount for share in shares} == expected
        given.update(expected)
        done += part
    assert sum(given.values()) == second
    assert [(result.code, result.problems) for result in checks.run() if not result.holds] == []


def test_a_conversion_is_no_return_and_spends_what_it_gave() -> None:
    gift = books.contribute(books.fund("eurEUR", "EUR"), 100)
    came = convert("eurEUR", 60, "usdUSD", 66)
    assert links.returned_from([came.pk]) == {}
    found = whereabouts.of(gift)
    assert (found.left, found.spent) == (40, [(0, 60)])
