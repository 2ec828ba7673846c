"""A relation that somebody else declared: what binds whom until it is answered, and that nobody learns from it who has an account."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed
from django.test import Client

from funding.errors import Conflict, Invalid, Refused
from funding.mail.models import Message
from funding.people import independence, services
from funding.people.models import Relation, User
from tests.funding import builders

pytestmark = pytest.mark.django_db
NEW = "/profile/relations/new/"


def rule(judge: User, worker: User, *, claims: bool = True) -> str | None:
    found = independence.hindrance(judge, beneficiaries=[worker], claims=claims)
    return found.rule if found else None


def test_its_declarer_is_bound_at_once_and_whoever_is_named_by_their_answer() -> None:
    declarer, named = builders.user(), builders.user()
    relation = services.declare_relation(actor=declarer, other=named, kind="family")
    assert rule(declarer, named, claims=False) == "relation"
    assert (rule(named, declarer), rule(named, declarer, claims=False)) == ("relation", None)
    assert independence.claimed([named], [declarer]) == {named.pk: relation}
    services.confirm_relation(actor=named, relation=relation)
    assert rule(named, declarer, claims=False) == "relation"
    assert independence.claimed([named], [declarer]) == {} == independence.claimed([declarer], [named])


def test_only_who_is_named_confirms_and_only_what_waits() -> None:
    declarer, named = builders.user(), builders.user()
    relation = services.declare_relation(actor=declarer, other=named, kind="family")
    for person in (declarer, builders.user()):
        with pytest.raises(Refused) as refusal:
            services.confirm_relation(actor=person, relation=relation)
        assert refusal.value.rule == "named"
    services.contest_relation(actor=named, relation=relation, why="We have never met")
    with pytest.raises(Conflict):
        services.confirm_relation(actor=named, relation=relation)


class TestAnAddressThatNobodyHas:
    def answers(self, address: str) -> tuple[int, str, str]:
        """What the browser of somebody gets who declares a relation with this address: status, where to, their profile after it."""
        client = builders.browser(builders.user())
        answer = client.post(NEW, {"email": address, "kind": "family", "words": ""})
        shown = client.get("/profile/").content.decode().replace(address, "THEM").replace(address.lower(), "THEM")
        shown = re.sub(r"Person \d+|person\.\d+@|relations/\d+|csrf[^>]*>|nonce=\"[^\"]*\"", "", shown)
        return answer.status_code, answer.get("Location", ""), shown

    def test_is_answered_as_one_that_somebody_has(self) -> None:
        builders.user("Known Person", email="known@example.org")
        known, unknown = self.answers("Known@example.org"), self.answers("nobody@example.org")
        assert known[:2] == unknown[:2] == (302, "/profile/")
        assert "Known Person" not in known[2]
        assert known[2] == unknown[2]
        assert [mail.to for mail in Message.objects.filter(kind="relation_declared")] == ["known@example.org"]

    def test_counts_once_its_owner_proves_it(self) -> None:
        declarer = builders.user()
        first = services.declare_by_address(actor=declarer, address="Later@Example.org ", kind="family")
        assert services.declare_by_address(actor=declarer, address="later@example.org", kind="family") == first
        owner = builders.user(email="later@example.org")
        assert rule(declarer, owner) is None
        address = EmailAddress.objects.create(user=owner, email="later@example.org", verified=True)
        for _ in range(2):
            email_confirmed.send(sender=EmailAddress, request=None, email_address=address)
        assert rule(declarer, owner) == "relation"
        assert Message.objects.filter(kind="relation_declared", to=owner.email).count() == 1
        assert "Later@example.org" not in builders.browser(declarer).get("/profile/").content.decode()

    def test_ones_own_second_address_ties_nobody(self) -> None:
        person = builders.user()
        services.declare_by_address(actor=person, address="second@example.org", kind="family")
        address = EmailAddress.objects.create(user=person, email="second@example.org", verified=True)
        email_confirmed.send(sender=EmailAddress, request=None, email_address=address)
        assert Relation.objects.get().other is None

    def test_can_be_withdrawn(self) -> None:
        person = builders.user()
        relation = services.declare_by_address(actor=person, address="nobody@example.org", kind="family")
        client = builders.browser(person)
        assert "nobody@example.org" in client.get(f"/profile/relations/{relation.pk}/withdraw/").content.decode()
        assert client.post(f"/profile/relations/{relation.pk}/withdraw/").status_code == 302
        assert Relation.objects.get().until is not None

    def test_is_not_ones_own(self) -> None:
        person = builders.user()
        with pytest.raises(Invalid):
            services.declare_by_address(actor=person, address=person.email.upper(), kind="family")


def test_a_stranger_answers_for_nobody() -> None:
    relation = services.declare_relation(actor=builders.user(), other=builders.user(), kind="family")
    client: Client = builders.browser(builders.user())
    assert client.post(f"/profile/relations/{relation.pk}/confirm/").status_code == 404
