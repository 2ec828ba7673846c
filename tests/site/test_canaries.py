"""What somebody who stepped back, has not declared, or has no seat can learn of a proposal from any page of the site: nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from funding.mail.models import Message
from funding.people.models import User
from funding.people.roles import Role
from tests.funding.builders import browser, give, user
from tests.site import canaries
from tests.site.canaries import Answer, Secret
from tests.site.world import World

Readings = dict[str, dict[str, Answer]]
OFFICES = (Role.ADMIN, Role.TREASURER, Role.AUDITOR)
STAGES = ("hidden", "submitted", "decidable")


@dataclass
class Readers:
    """Everybody who reads, by what they are to the secret proposal."""

    people: dict[str, User | None]
    clients: dict[str, Any] = field(default_factory=dict)

    def read(self, asked: list[str], names: list[str]) -> Readings:
        found = {}
        for name in names:
            person = self.people[name]
            own = [*asked, *(canaries.ADMIN if person is not None and person.is_staff else [])]
            found[name] = canaries.read(self.clients[name], own)
        return found


@dataclass
class Story:
    """The site as each reader finds it before anybody submitted, once the panel sits, and when everything is in but the decision."""

    secret: Secret
    readers: Readers
    stages: dict[str, Readings]


def readers(world: World) -> Readers:
    """Members 2 and 3 step back, and member 3 holds every office and the inspection admin too. Member 4 never declares."""
    officer = world.people["member 3"]
    for role in OFFICES:
        give(officer, role)
    give(officer, Role.MAINTAINER, world.draft_project.subject)
    User.objects.filter(pk=officer.pk).update(is_staff=True, is_superuser=True)
    officer.refresh_from_db()
    give(user("Bench Warmer"), Role.ALTERNATE, "committee:core")
    give(user("Extra Member"), Role.MEMBER, "committee:core")
    return Readers(
        {
            "recused": world.people["member 2"],
            "recused officer": officer,
            "undeclared": world.people["member 4"],
            "stranger": world.people["stranger"],
            "nobody": None,
            "another applicant": world.people["second applicant"],
        }
    )


def tell(world: World) -> Story:
    who = readers(world)
    secret = canaries.hide(world)
    who.people["applicant"] = secret.applicant
    who.clients = {name: browser(person) for name, person in who.people.items()}
    asked = canaries.pages(world, secret.proposal)
    stages = {"hidden": who.read(asked, ["stranger", "nobody", "another applicant", "applicant"])}
    secret.submit()
    for member in ("recused", "recused officer"):
        secret.recuse(who.people[member], "We share a house")  # type: ignore[arg-type]
    stages["submitted"] = who.read(asked, ["recused", "recused officer", "undeclared"])
    secret.work(0)
    secret.change()
    secret.recuse(User.objects.get(name="Extra Member"), canaries.PRIVATE["because"])
    secret.work(0, 1)
    stages["decidable"] = who.read(asked, list(who.people))
    return Story(secret, who, stages)


_told: dict[int, Story] = {}


@pytest.fixture
def story(whole_world: World, django_db_blocker: Any) -> Iterator[Story]:
    """Told once for the module, inside its transaction: by the first test, because pages need the settings of a test."""
    with django_db_blocker.unblock():
        if id(whole_world) not in _told:
            _told[id(whole_world)] = tell(whole_world)
        yield _told[id(whole_world)]


def leaks(story: Story, name: str) -> list[str]:
    found = []
    for stage in STAGES:
        for address, answer in story.stages[stage].get(name, {}).items():
            if carried := answer.carries(canaries.words()):
                found.append(f"{stage} {address}: {', '.join(carried)}")
    return found


@pytest.mark.parametrize("name", ["recused", "recused officer", "undeclared", "stranger", "nobody", "another applicant"])
def test_no_page_carries_a_word_of_it(story: Story, name: str) -> None:
    assert leaks(story, name) == []


@pytest.mark.parametrize("name", ["stranger", "nobody", "another applicant"])
def test_for_who_has_no_seat_the_world_is_the_same_without_it(story: Story, name: str) -> None:
    assert canaries.moved(story.stages["hidden"][name], story.stages["decidable"][name]) == []


@pytest.mark.parametrize("name", ["recused", "recused officer"])
def test_after_stepping_back_nothing_of_it_moves_any_more(story: Story, name: str) -> None:
    assert canaries.moved(story.stages["submitted"][name], story.stages["decidable"][name]) == []


def test_before_declaring_nothing_moves_with_what_the_others_do(story: Story) -> None:
    assert canaries.moved(story.stages["submitted"]["undeclared"], story.stages["decidable"]["undeclared"]) == []


def test_who_stepped_back_finds_the_reference_where_they_did_and_nowhere_else(story: Story) -> None:
    ref = story.secret.proposal.ref
    pages = {address for address, answer in story.stages["decidable"]["recused"].items() if ref in answer.body and ref not in address}
    assert pages == {"/committee/", "/committee/?page=2"}
    assert {answer.status for address, answer in story.stages["decidable"]["recused"].items() if f"/committee/{ref}/" in address} == {403}


def test_the_applicant_does_not_learn_who_reads(story: Story) -> None:
    seats = [story.secret.member(number).name for number in range(5)]
    own = story.stages["decidable"]["applicant"]
    before = story.stages["hidden"]["applicant"]
    assert not {
        address: found
        for address, answer in own.items()
        if (found := answer.carries([canaries.PRIVATE["notes"], canaries.PRIVATE["reasons"]]))
    }
    assert {address: found for address, answer in own.items() if (found := answer.carries(seats)) != before[address].carries(seats)} == {}


@pytest.mark.parametrize("name", ["recused", "recused officer"])
def test_no_mail_about_it_waits_for_who_stepped_back(story: Story, name: str) -> None:
    person, secret = story.readers.people[name], story.secret
    assert person is not None
    mails = Message.objects.filter(to=person.email, about=secret.proposal.subject)
    assert mails.exists()
    assert {mail.state for mail in mails} == {"dropped"}
    assert not [
        mail
        for mail in Message.objects.exclude(to=secret.applicant.email)
        if any(word in mail.subject + mail.body for word in canaries.words())
    ]
