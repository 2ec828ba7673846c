"""What an applicant says of a member chooses no panel and hides nothing: it recuses nobody, and nothing is published over it."""

from __future__ import annotations

import pytest

from funding.errors import Refused
from funding.mail.models import Message
from funding.people import services as people
from funding.people.models import Relation, User
from funding.people.roles import Role
from grants.committee import counting, services
from grants.committee.models import Determination, Seat
from tests.grants import builders
from tests.grants.builders import browser

pytestmark = pytest.mark.django_db


def name(sitting: builders.Sitting, *members: User) -> list[Relation]:
    return [people.declare_relation(actor=sitting.applicant, other=member, kind="family") for member in members]


def rule(act: object) -> str:
    with pytest.raises(Refused) as refusal:
        act()  # type: ignore[operator]
    return refusal.value.rule


def test_naming_everybody_empties_no_panel() -> None:
    sitting = builders.sitting()
    builders.give(builders.user("Zoe Next"), Role.ALTERNATE, "committee:core")
    name(sitting, *sitting.members)
    tally = counting.sheet(sitting.panel).tally
    assert (tally.seated, tally.eligible) == (5, 5)
    assert not Seat.objects.filter(is_alternate=True).exists()
    assert Message.objects.filter(kind="relation_declared").count() == 5


def test_whoever_is_named_answers_before_they_act() -> None:
    sitting = builders.sitting()
    named = sitting.members[1]
    (relation,) = name(sitting, named)
    assert rule(lambda: services.declare(actor=named, panel=sitting.panel, conflict=False)) == "claim"
    page = browser(named).get(f"/committee/{sitting.proposal.ref}/declare/").content.decode()
    assert "Inger Dahl declared a relation with you" in page and f"/profile/relations/{relation.pk}/contest/" in page
    people.contest_relation(actor=named, relation=relation, why="We have never met")
    services.declare(actor=named, panel=sitting.panel, conflict=False)
    assert Seat.objects.get(panel=sitting.panel, user=named).state == "clear"


def test_who_confirms_it_steps_back_and_their_vote_is_set_aside() -> None:
    sitting = builders.ready("fffaa")
    named = sitting.members[2]
    (relation,) = name(sitting, named)
    people.confirm_relation(actor=named, relation=relation)
    seat = Seat.objects.get(panel=sitting.panel, user=named)
    assert (seat.state, seat.ground) == ("recused", "relation")
    assert counting.sheet(sitting.panel).set_aside == 1
    assert not Message.objects.filter(kind="relation_declared", to=sitting.applicant.email).exists()


@pytest.mark.parametrize("holds", [True, False])
def test_a_contested_one_keeps_the_vote_and_is_settled_before_the_decision(holds: bool) -> None:
    sitting = builders.ready("fffaa")
    named = sitting.members[2]
    (relation,) = name(sitting, named)
    assert rule(sitting.determine) == "claim"
    people.contest_relation(actor=named, relation=relation, why="We have never met")
    assert rule(sitting.determine) == "claim"
    page = browser(sitting.chair).get(f"/committee/{sitting.proposal.ref}/").content.decode()
    assert f"Inger Dahl declared a relation with {named}, who contests it." in page
    people.settle_relation(actor=builders.admin(), relation=relation, holds=holds, because="I asked both")
    made = sitting.determine()
    assert (made.outcome, made.recused) == (("deferred", 1) if holds else ("funded", 0))


def test_who_has_done_nothing_holds_nothing_up() -> None:
    sitting = builders.sitting()
    sitting.clear()
    sitting.review(*sitting.members[:2])
    sitting.vote("fff")
    name(sitting, *sitting.members[3:])
    assert sitting.determine().outcome == "funded"


def test_nobody_is_kept_from_settling_by_being_named_as_well() -> None:
    sitting = builders.ready("fffaa")
    (relation,) = name(sitting, sitting.members[2])
    people.contest_relation(actor=sitting.members[2], relation=relation, why="We have never met")
    administrator = builders.admin()
    name(sitting, administrator)
    people.settle_relation(actor=administrator, relation=relation, holds=False, because="I asked both")
    assert sitting.determine().outcome == "funded"


def test_a_member_who_declares_it_steps_back_at_once_whatever_the_applicant_says() -> None:
    sitting = builders.ready("fffaa")
    people.declare_relation(actor=sitting.members[2], other=sitting.applicant, kind="close")
    assert sitting.determine().outcome == "deferred"
    assert Determination.objects.get().recused == 1
