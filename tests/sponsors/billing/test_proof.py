"""A receipt and the sealed days: when the proof comes, what it proves, and that it names nobody."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from funding import clock
from funding.ledger import services as ledger
from funding.ledger.models import BookDay
from funding.ledger.sealing import closing, commitments, export
from funding.mail.models import Message
from sponsors.billing import links
from sponsors.billing.services import Joined
from tests.funding.ledger.test_check_books import run
from tests.funding.payments.standin import StandIn
from tests.sponsors import builders
from tests.sponsors.builders import JOINED

pytestmark = pytest.mark.django_db
CANARY = "Canary Person"


@pytest.fixture
def paid(stripe_stand_in: StandIn) -> Joined:
    with clock.at(JOINED):
        return builders.sponsor(stripe_stand_in, name=CANARY)


def pass_midnight() -> None:
    with clock.at(JOINED + dt.timedelta(days=1)):
        ledger.advance_book_day(clock.today())
        list(closing.seal_days())


def receipt(client: Client, it: Joined) -> str:
    with clock.at(JOINED + dt.timedelta(days=1)):
        return client.get(reverse("billing:paid", args=[links.sign(links.PAID, it.payment.ref)])).content.decode()


def test_before_the_day_is_sealed_the_receipt_says_when(paid: Joined, client: Client) -> None:
    page = receipt(client, paid)
    assert "are sealed after midnight UTC" in page
    assert "Save the proof" not in page
    assert client.get(links.proof(paid.payment)).status_code == 404
    mail = Message.objects.get(kind="receipt")
    assert "is sealed after midnight UTC. From then on the receipt holds a proof" in mail.body


def test_once_it_is_sealed_the_holder_proves_the_payment_and_names_nobody(paid: Joined, client: Client, tmp_path: Path) -> None:
    pass_midnight()
    page = receipt(client, paid)
    day = BookDay.objects.get(seal__isnull=False)
    assert f"<code>{day.seal}</code>" in page and "Save the proof" in page
    answer = client.get(links.proof(paid.payment))
    assert answer["Content-Disposition"] == f'attachment; filename="{paid.payment.ref}-proof.json"'
    assert "no-store" in answer["Cache-Control"]
    found = json.loads(answer.content)
    paid.payment.refresh_from_db()
    assert (found["day"], found["seal"], found["amount"], found["currency"]) == (
        day.day.isoformat(), day.seal, paid.payment.gross, paid.payment.currency,
    )  # fmt: skip
    assert found["row"] == f"{paid.payment.entry_id}.1"
    assert CANARY not in answer.content.decode()
    out = StringIO()
    export.as_json(full=False, to=out)
    code, said = run(tmp_path, json.loads(out.getvalue()), receipt=found)
    assert code == 0 and f"The receipt is in the books: row {found['row']} of {day.day}" in said, said


def test_the_next_receipt_by_mail_carries_the_latest_seal(paid: Joined, stripe_stand_in: StandIn) -> None:
    pass_midnight()
    with clock.at(JOINED + dt.timedelta(days=2)):
        ledger.advance_book_day(clock.today())
        builders.sponsor(stripe_stand_in, paid.sponsorship.tier, name="Another Person", email="another@example.org")
    mail = Message.objects.filter(kind="receipt").latest("pk")
    assert f"so that nobody can rewrite them: {BookDay.objects.get(seal__isnull=False).seal}" in mail.body


def test_after_its_reference_was_erased_there_is_no_proof(paid: Joined, client: Client) -> None:
    pass_midnight()
    paid.payment.refresh_from_db()
    commitments.erase(actor=None, row=str(paid.payment.entry_id), reason="Asked for")
    assert "there is no proof any more" in receipt(client, paid)
    assert client.get(links.proof(paid.payment)).status_code == 404


@pytest.mark.parametrize("naming", ["public", "unnamed", "secret"])
def test_only_who_is_named_in_public_is_disclosed(paid: Joined, naming: str) -> None:
    it = paid.sponsorship
    it.naming, it.public_name = naming, "Ada of Public" if naming == "public" else ""
    it.save()
    pass_midnight()
    out = StringIO()
    export.as_json(full=False, to=out)
    texts = [row["text"] for row in json.loads(out.getvalue())["disclosed"]]
    assert CANARY not in out.getvalue(), "the name on the receipt is a private matter"
    assert len(texts) == (2 if naming == "public" else 0), "what they paid, and what their fund got"
    assert all('"name":"Ada of Public"' in text for text in texts)
    if naming == "public":
        it.naming, it.public_name = "unnamed", ""
        it.save()
        out = StringIO()
        export.as_json(full=False, to=out)
        assert json.loads(out.getvalue())["disclosed"] == []
