"""Whoever chose to be unnamed is unnamed everywhere: no page, feed, file or count that others read has their name or tells it apart."""

from __future__ import annotations

import pytest

from funding import clock
from funding.funds.entries import bank, deciding
from funding.funds.services import project_fund
from funding.money import Money
from sponsors.sponsorships import naming
from sponsors.tiers.models import Tier
from tests.site import canaries, matrix
from tests.site.world import World
from tests.sponsors import builders

NAMES = {naming.UNNAMED: "Umbra Nightshade", naming.SECRET: "Sable Moonless"}
PAYER, WORDS = "Tenebra Wire", "duskcanary"
"""Who paid by bank transfer, and what only the desk reads of it."""


def sponsor(world: World) -> None:
    """One unnamed and one secret sponsor who paid, and a receipt that was matched to its payer."""
    tier = Tier.objects.get(pk=world.giving.sponsorship.tier_id)
    for how, name in NAMES.items():
        builders.booked(builders.sign_up(tier, name=name, email=f"{how}@example.org", naming=how))
    maker, checker = world.people["treasurer"], world.people["second treasurer"]
    got = bank.book_receipt(actor=maker, amount=Money(5_000, "USD"), on=clock.today(), bank_reference=f"{WORDS}-1", reason=WORDS)
    asked = bank.ask_match(actor=maker, receipt=got, fund=project_fund(world.project), payer=PAYER, reason=WORDS)
    deciding.approve(actor=checker, voucher=asked)


def public(world: World) -> list[str]:
    """Every address that the matrix lets anybody read."""
    open_ones = [line.address(world) for line in matrix.lines() if line.answers["nobody"] == "ok"]
    return list(dict.fromkeys(open_ones))


@pytest.mark.parametrize("who", ["nobody", "lead"])
def test_no_page_names_whoever_is_unnamed(world: World, who: str) -> None:
    sponsor(world)
    words = [*NAMES.values(), *(f"{how}@example.org" for how in NAMES), PAYER, WORDS]
    asked = public(world)
    assert len(asked) > 20
    found = canaries.read(world.browser(who), asked)
    assert {address: carried for address, answer in found.items() if (carried := answer.carries(words))} == {}
    assert any("Unnamed" in answer.body for answer in found.values()), "they are there, without a name"
