"""The letter to an applicant: composed without names, checked for them, sent once by whoever decides, read by few."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.mail.models import Message
from grants.committee import letters, selectors, services
from grants.committee.models import Letter
from grants.committee.services import Mark
from grants.proposals.models import Criterion
from tests.grants import builders
from tests.grants.builders import browser

pytestmark = pytest.mark.django_db
SECRET = "Heliotrope-letter"


def decided(choices: str = "fffff") -> builders.Sitting:
    sitting = builders.ready(choices)
    sitting.determine()
    return sitting


def send(sitting: builders.Sitting, actor: Any = None, body: str = f"Dear applicant. {SECRET}", **more: Any) -> Letter:
    return services.send_letter(actor=actor or sitting.chair, panel=sitting.panel, body=body, **more)


def test_it_is_composed_from_the_record_and_the_reviews_without_their_writers() -> None:
    sitting = builders.sitting()
    sitting.clear()
    criterion = Criterion.objects.create(call=sitting.call, position=0, name="Impact", asks="Who", weight=100, anchors=["x"] * 6)
    for person, points in zip(sitting.members[:2], (5, 4), strict=True):
        services.save_review(
            actor=person, panel=sitting.panel, version=0, recommendation="fund", reasons=f"Sound {points}", notes="Between us",
            marks={criterion.pk: Mark(points=points, comment=f"Wide {points}")}, submit=True,
        )  # fmt: skip
    sitting.vote("fffff")
    determination = sitting.determine(reasons="It is needed.")
    revision = sitting.proposal.revisions.get()
    body = letters.compose(determination, sitting.proposal, revision, selectors.reasons_for_applicant(determination))
    for words in (
        "Dear Inger Dahl",
        "funded",
        "10",
        "$4,590.00",
        "It is needed.",
        "Impact (100%): 4.50 of 5",
        "Sound 5",
        "On impact: Wide 4",
    ):
        assert words in body, words
    assert "Between us" not in body
    assert letters.named(body, sitting.members, known=["Inger Dahl"]) == []


@pytest.mark.parametrize(
    "body",
    [
        "Lena Aas thinks so.",
        "As LENA said.",
        "Ask lena.aas@example.org",
        "Léna found it short.",
        "Le\u200bna found it short.",
        "Write to {email}.",
        "In Nwosu’s view.",
    ],
)
def test_names_are_found_whatever_their_capitals_and_accents(body: str) -> None:
    people = [builders.user("Lena Aas"), builders.user("Adaeze Nwosu"), builders.user("Bo Li")]
    assert letters.named(body.format(email=people[0].email), people)
    assert letters.named("Balena is a whale; also lime and bold.", people) == []


def test_the_applicants_own_name_says_nothing() -> None:
    people = [builders.user("Ola Dahl")]
    assert letters.named("Dear Inger Dahl", people, known=["Inger Dahl"]) == []
    assert letters.named("Dear Inger Dahl, as Ola Dahl says", people, known=["Inger Dahl"]) == ["Ola Dahl"]


def test_a_name_has_to_be_confirmed_also_that_of_a_recused_member() -> None:
    sitting = builders.ready("ffff")
    services.declare(actor=sitting.members[4], panel=sitting.panel, conflict=True, because="We share an office")
    sitting.determine()
    with pytest.raises(Invalid, match="Priya Raman") as error:
        send(sitting, body="Ask Priya about it.")
    assert error.value.field == "names_confirmed"
    assert not Letter.objects.exists() and not Message.objects.filter(kind="decision_letter").exists()
    assert send(sitting, body="Ask Priya about it.", names_confirmed=True).named == "Priya Raman"


def test_the_mail_links_and_says_nothing() -> None:
    sitting = decided()
    send(sitting)
    message = Message.objects.get(kind="decision_letter")
    assert message.to == sitting.applicant.email
    assert SECRET not in message.body and f"/decisions/{sitting.proposal.ref}/#letter" in message.body


@pytest.mark.parametrize("who", ["member", "applicant", "stranger", "administrator"])
def test_only_whoever_decides_sends_it(who: str) -> None:
    sitting = decided()
    person = {
        "member": lambda: sitting.members[1],
        "applicant": lambda: sitting.applicant,
        "stranger": lambda: builders.user("Some Body"),
        "administrator": builders.admin,
    }[who]()
    with pytest.raises(Refused):
        send(sitting, person)
    assert Record.objects.filter(act="committee.letter", outcome="refused", actor_id=person.pk).count() == 1


def test_it_is_sent_once_after_a_decision_and_says_something() -> None:
    sitting = builders.ready("fffff")
    with pytest.raises(Conflict, match="Nothing is decided"):
        send(sitting)
    sitting.determine()
    for body in ("  ", "x" * 20_001):
        with pytest.raises(Invalid):
            send(sitting, body=body)
    send(sitting)
    with pytest.raises(Conflict, match="sent already"):
        send(sitting, body="Another one")
    assert Letter.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE committee_letter SET body = 'x'")


def test_who_reads_it() -> None:
    sitting = builders.ready("ffff")
    recused = sitting.members[4]
    services.declare(actor=recused, panel=sitting.panel, conflict=True, because="We share an office")
    sitting.determine()
    ref = sitting.proposal.ref
    assert "writes you a letter" in browser(sitting.applicant).get(f"/decisions/{ref}/").content.decode()
    send(sitting)
    others = (None, recused, builders.user("Some Body"), builders.admin())
    for page in (f"/decisions/{ref}/", f"/committee/{ref}/letter/"):
        for person in others:
            assert SECRET not in browser(person).get(page, follow=True).content.decode(), page
    assert SECRET in browser(sitting.applicant).get(f"/decisions/{ref}/").content.decode()
    assert browser(sitting.applicant).get(f"/committee/{ref}/letter/").status_code == 404
    for member in sitting.members[:4]:
        assert SECRET in browser(member).get(f"/committee/{ref}/letter/").content.decode()


def test_the_page_previews_keeps_and_sends() -> None:
    sitting = decided()
    client, address = browser(sitting.chair), f"/committee/{sitting.proposal.ref}/letter/"
    assert f"The letter about {sitting.proposal.ref}" in client.get("/committee/").content.decode()
    assert "Dear Inger Dahl" in client.get(address).content.decode()
    preview = client.post(address, {"body": f"**{SECRET}** by Adaeze", "then": "preview"})
    assert preview.status_code == 200
    assert f"<strong>{SECRET}</strong>" in preview.content.decode()
    assert "It names Adaeze Nwosu, of the panel." in preview.content.decode()
    assert not Letter.objects.exists()
    kept = client.post(address, {"body": SECRET, "then": "keep", "draft_version": "0"})
    assert kept["Location"] == address
    assert SECRET in client.get(address).content.decode()
    assert SECRET not in browser(sitting.members[1]).get(address, follow=True).content.decode()
    refused = client.post(address, {"body": f"{SECRET} by Adaeze", "then": "send", "draft_version": "1"})
    assert refused.status_code == 422
    sent = client.post(address, {"body": SECRET, "then": "send", "draft_version": "1"})
    assert sent["Location"] == f"/decisions/{sitting.proposal.ref}/"
    assert "The letter about" not in client.get("/committee/").content.decode()
