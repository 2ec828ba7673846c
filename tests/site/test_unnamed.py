"""Whoever chose to be unnamed is unnamed everywhere: no page, feed, file or count that others read has their name or tells it apart."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command

from funding import clock
from funding.funds.entries import bank, deciding
from funding.funds.services import project_fund
from funding.money import Money
from funding.people import services as people
from grants.payouts import executing
from grants.payouts import services as payouts
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


WORKER = "Umbra Dusk"
"""Who is paid for days, and is unnamed in public."""


def readable(world: World, who: str) -> list[str]:
    """Every address that the matrix lets somebody read."""
    open_ones = [line.address(world) for line in matrix.lines() if line.answers[who] == "ok"]
    return list(dict.fromkeys(open_ones))


def public(world: World) -> list[str]:
    return readable(world, "nobody")


@pytest.mark.parametrize("who", ["nobody", "lead"])
def test_no_page_names_whoever_is_unnamed(world: World, who: str) -> None:
    sponsor(world)
    words = [*NAMES.values(), *(f"{how}@example.org" for how in NAMES), PAYER, WORDS]
    asked = public(world)
    assert len(asked) > 20
    found = canaries.read(world.browser(who), asked)
    assert {address: carried for address, answer in found.items() if (carried := answer.carries(words))} == {}
    assert any("Unnamed" in answer.body for answer in found.values()), "they are there, without a name"


def pay(world: World) -> None:
    """The worker chooses to be unnamed, and is paid."""
    people.rename(actor=world.people["worker"], name=WORKER, unnamed=True)
    payouts.release(actor=world.people["second treasurer"], run=world.run, control_total=world.run.control_total, withheld=0)
    executing.owe(payout_id=world.payout.pk)


@pytest.mark.parametrize("who", ["nobody", "stranger", "sponsor"])
def test_no_page_names_a_contributor_who_is_unnamed(world: World, who: str) -> None:
    pay(world)
    words = [WORKER, world.people["worker"].email]
    found = canaries.read(world.browser(who), readable(world, who))
    assert {address: carried for address, answer in found.items() if (carried := answer.carries(words))} == {}
    assert sum("Unnamed contributor" in answer.body for answer in found.values()) >= 8, "pages, files and programs read of the work"


@pytest.mark.parametrize("form", ["beancount", "csv", "json"])
def test_no_public_export_names_a_contributor_who_is_unnamed(world: World, form: str) -> None:
    pay(world)
    out = StringIO()
    call_command("export_books", format=form, stdout=out)
    assert len(out.getvalue()) > 1_000 and WORKER not in out.getvalue()


def test_whoever_is_unnamed_reads_their_own_name_and_so_does_the_desk(world: World) -> None:
    pay(world)
    for who in ("worker", "treasurer"):
        assert WORKER in world.browser(who).get(world.payout.get_absolute_url()).content.decode()
