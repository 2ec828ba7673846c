"""Signed links: what opening them changes (nothing), how long they last, and what they say in each state."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Refused
from funding.mail.models import Message
from funding.people.roles import Role
from sponsors.billing import links
from sponsors.billing import services as billing
from sponsors.billing.models import CardChange
from sponsors.billing.services import Joined
from sponsors.dunning import services as dunning
from sponsors.dunning.models import Schedule
from sponsors.dunning.plan import DELIVERED
from sponsors.invoices.models import Invoice, Payment
from sponsors.sponsorships.models import Sponsorship
from tests.funding import builders as people
from tests.funding.payments.standin import FAILS_LATER, StandIn
from tests.sponsors import builders
from tests.sponsors.builders import JOINED

pytestmark = pytest.mark.django_db

REFUSED_AT = dt.datetime(2026, 2, 28, 12, tzinfo=dt.UTC)
SITE = "http://127.0.0.1:8000"
CANARY = "Canary Person"


def after(days: int) -> Any:
    return clock.at(REFUSED_AT + dt.timedelta(days=days))


@pytest.fixture
def unpaid(stripe_stand_in: StandIn) -> Joined:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, card=FAILS_LATER, name=CANARY)
    with after(0):
        billing.run_billing()
    joined.sponsorship.refresh_from_db()
    return joined


def rows() -> list[Any]:
    tables = (Sponsorship, Invoice, Payment, CardChange, Message, Record)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def test_scanners_that_open_every_link_of_a_mail_change_nothing(unpaid: Joined, client: Client) -> None:
    it = unpaid.sponsorship
    with after(1):
        before = rows()
        for link in (links.stop(it), links.card(it), links.pay(it)):
            for ask in (client.get, client.head):
                assert ask(link.removeprefix(SITE)).status_code == 200
        assert rows() == before


@pytest.mark.parametrize(
    ("day", "words"),
    [(1, ["end now", "INV-", "$100.00", "is void then"]), (15, ["end now", "is void then"]), (30, ["Lapsed, because it was not paid"])],
)
def test_the_stop_link_says_the_truth_and_works_twice_in_every_state(unpaid: Joined, client: Client, day: int, words: list[str]) -> None:
    address = links.stop(unpaid.sponsorship).removeprefix(SITE)
    for passed in range(1, day + 1):
        with after(passed):
            billing.run_dunning()
    with after(day):
        page = client.get(address).text
        for word in words:
            assert word in page
        for _ in range(2):
            assert client.post(address, {}).status_code == 302
        assert "<form class" not in client.get(address).text
        assert billing.run_dunning().steps == 0
    unpaid.sponsorship.refresh_from_db()
    assert unpaid.sponsorship.over
    assert not Invoice.objects.filter(state=Invoice.State.OPEN).exists()
    assert Message.objects.filter(kind="sponsorship_stopped").count() == (1 if day < 30 else 0)


def test_an_old_card_link_offers_a_fresh_one_and_says_nothing_else(unpaid: Joined, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    it = unpaid.sponsorship
    addresses = [link.removeprefix(SITE) for link in (links.card(it), links.pay(it))]
    monkeypatch.setattr(links, "lifetime", lambda: dt.timedelta(seconds=-1))
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 410 and "no-store" in answer.headers["Cache-Control"]
        for secret in (CANARY, it.ref, "Quillon", "ada@example.org", "100"):
            assert secret not in answer.text.replace(quote(address, safe=""), "").replace(address, ""), secret
    assert not Message.objects.filter(kind="card_link").exists()
    sent = client.post(addresses[0], {})
    assert sent.status_code == 200 and CANARY not in sent.text and "ada@example.org" not in sent.text
    letter = Message.objects.get(kind="card_link")
    assert letter.to == "ada@example.org" and "/giving/card/" in letter.body and "/giving/pay/" in letter.body
    assert [client.post(addresses[0], {}).status_code for _ in range(3)] == [200, 200, 429]
    assert not Payment.objects.filter(state=Payment.State.PROCESSING).exists()


def test_a_link_for_one_page_opens_no_other(unpaid: Joined, client: Client) -> None:
    token = links.sign(links.STOP, unpaid.sponsorship.ref)
    card = links.sign(links.CARD, unpaid.sponsorship.ref)
    for path in (f"/giving/card/{token}/", f"/giving/pay/{card}/", f"/giving/card-saved/{card}/", f"/giving/stop/{card}/"):
        assert client.get(path).status_code == 404, path


def test_the_sponsors_own_page_leads_to_both_repairs(stripe_stand_in: StandIn) -> None:
    with clock.at(JOINED):
        joined = builders.sponsor(stripe_stand_in, actor=people.user("Olga Owner"), card=FAILS_LATER)
        mine = people.browser(joined.party.memberships.get().user)
        page = mine.get(f"/giving/{joined.sponsorship.ref}/").text
        assert "/giving/card/" in page and "/giving/pay/" not in page
    with after(0):
        billing.run_billing()
        page = mine.get(f"/giving/{joined.sponsorship.ref}/").text
        for words in ("/giving/card/", "/giving/pay/", "Perks go on through Fri 13 Mar 2026", "again on Tue 3 Mar 2026", "Sat 21 Mar 2026"):
            assert words in page


def test_treasurers_write_the_steps_and_nobody_else(client: Client) -> None:
    people.host()
    treasurer, admin = people.holder(Role.TREASURER), people.holder(Role.ADMIN)
    assert "As delivered" in people.browser(admin).get("/desk/dunning/").text
    with pytest.raises(Refused):
        dunning.write_schedule(actor=admin, version=0, plan=DELIVERED)
    assert Record.objects.filter(act="dunning.write_schedule", outcome="refused", subject="dunning").exists()
    form = {"steps": "2 try\n5 last", "grace_days": "5", "lapse_after": "9", "never_retried": "lost_card", "version": "0"}
    assert people.browser(treasurer).post("/desk/dunning/edit/", form).status_code == 302
    assert Schedule.objects.get().plan.lapse_after == 9
    assert "Version 1" in people.browser(treasurer).get("/desk/dunning/").text
    with pytest.raises(Conflict):
        dunning.write_schedule(actor=treasurer, version=0, plan=DELIVERED)
