"""Alternates, the chair's deputy, the limit on one employer, terms, and seats that come back when a tie is dismissed."""

from __future__ import annotations

import datetime as dt

import pytest

from funding import clock
from funding.audit.models import Record
from funding.errors import Refused
from funding.mail import services as mail
from funding.mail.models import Message
from funding.people import roles
from funding.people import services as people
from funding.people.models import Bar, Relation, RoleGrant, User
from funding.people.roles import Role
from grants.committee import counting, selectors, services
from grants.committee.models import Committee, Panel, Review, Seat
from grants.committee.rules import Rules
from tests.grants import builders

pytestmark = pytest.mark.django_db
CORE = "committee:core"


def alternates(*names: str) -> list[User]:
    people_ = [builders.user(name) for name in names]
    for person in people_:
        builders.give(person, Role.ALTERNATE, CORE)
    return people_


def on_panel(panel: Panel) -> dict[str, str]:
    return {seat.user.name: seat.state for seat in panel.seats.filter(is_alternate=True).select_related("user")}


def recuse(sitting: builders.Sitting, member: User) -> None:
    services.declare(actor=member, panel=sitting.panel, conflict=True, because="We share a house")


def test_nobody_from_the_bench_sits_while_the_panel_is_whole() -> None:
    sitting = builders.sitting()
    first, _ = alternates("Zoe Firstly", "Abe Secondly")
    services.refresh(panel=sitting.panel)
    assert on_panel(sitting.panel) == {}
    assert builders.browser(first).get(f"/committee/{sitting.proposal.ref}/").status_code == 404
    assert builders.browser(first).get(f"/proposals/{sitting.proposal.ref}/").status_code in (302, 404)


def test_alternates_follow_in_the_order_of_their_roles() -> None:
    sitting = builders.sitting()
    alternates("Zoe Firstly", "Abe Secondly")
    recuse(sitting, sitting.members[1])
    assert on_panel(sitting.panel) == {"Zoe Firstly": "invited"}
    recuse(sitting, sitting.members[2])
    assert on_panel(sitting.panel) == {"Zoe Firstly": "invited", "Abe Secondly": "invited"}
    assert counting.sheet(sitting.panel).tally.eligible == 5
    assert Message.objects.filter(kind="panel_seated", to="zoe.firstly@example.org").count() == 1


def test_an_alternate_whom_a_rule_excludes_is_passed_over() -> None:
    sitting = builders.sitting()
    first, _ = alternates("Zoe Firstly", "Abe Secondly")
    people.declare_relation(actor=first, other=sitting.applicant, kind="family")
    recuse(sitting, sitting.members[1])
    assert on_panel(sitting.panel) == {"Abe Secondly": "invited"}


def test_who_leaves_the_committee_is_followed_too_and_so_is_a_term_that_ran_out() -> None:
    sitting = builders.sitting()
    alternates("Zoe Firstly", "Abe Secondly")
    leaving = RoleGrant.objects.get(user=sitting.members[4], subject=CORE)
    roles.end(actor=builders.admin(), user=sitting.members[4], grant=leaving)
    assert on_panel(sitting.panel) == {"Zoe Firstly": "invited"}
    RoleGrant.objects.filter(user=sitting.members[3], subject=CORE).update(until=clock.today() + dt.timedelta(days=2))
    with clock.at(clock.now() + dt.timedelta(days=3)):
        assert services.refresh_all() == 1
        assert services.refresh_all() == 0
    assert on_panel(sitting.panel) == {"Zoe Firstly": "invited", "Abe Secondly": "invited"}


def test_a_tie_declared_later_recuses_at_once_seats_the_next_and_sets_the_vote_aside() -> None:
    sitting = builders.ready("fffaa")
    alternates("Zoe Firstly")
    people.declare_relation(actor=sitting.members[4], other=sitting.applicant, kind="family")
    assert Seat.objects.get(panel=sitting.panel, user=sitting.members[4]).ground == "relation"
    sheet = counting.sheet(sitting.panel)
    assert (sheet.tally.votes_against, sheet.set_aside, sheet.tally.eligible) == (1, 1, 5)
    assert on_panel(sitting.panel) == {"Zoe Firstly": "invited"}
    page = builders.browser(sitting.chair).get(f"/committee/{sitting.proposal.ref}/").content.decode()
    assert "1 vote does not count any more" in page
    assert Bar.objects.filter(user=sitting.members[4], subject=sitting.proposal.subject).exists()


def test_a_new_employer_and_a_new_maintainer_are_seen_at_once() -> None:
    sitting = builders.sitting()
    firm = builders.organisation("Northgate Bank")
    people.set_employer(actor=sitting.applicant, party=firm)
    people.set_employer(actor=sitting.members[1], party=firm)
    roles.grant(actor=builders.admin(), user=sitting.members[2], role=Role.MAINTAINER, subject=sitting.project.subject)
    grounds = {seat.user_id: seat.ground for seat in sitting.panel.seats.filter(state="recused")}
    assert grounds == {sitting.members[1].pk: "employer", sitting.members[2].pk: "maintainer"}


def test_a_maintainer_who_steps_down_for_one_decision_stays_recused() -> None:
    made = builders.project(money=459000)
    _, members = builders.committee()
    grant = builders.give(members[1], Role.MAINTAINER, made.subject)
    RoleGrant.objects.filter(pk=grant.pk).update(since=clock.today() - dt.timedelta(days=90), until=clock.today() - dt.timedelta(days=1))
    proposal = builders.submitted(builders.call([builders.funds.project_fund(made)]), made, builders.user("Inger Dahl"))
    assert Seat.objects.get(panel__proposal=proposal, user=members[1]).ground == "maintainer"


def test_the_deputy_decides_exactly_where_every_chair_stepped_back() -> None:
    sitting = builders.ready("fffff")
    deputy = sitting.members[1]
    builders.give(deputy, Role.DEPUTY, CORE)
    with pytest.raises(Refused) as refusal:
        sitting.determine(actor=deputy)
    assert refusal.value.rule == "chair"
    recuse(sitting, sitting.chair)
    sitting.review(sitting.members[3])
    with pytest.raises(Refused) as refusal:
        sitting.determine(actor=sitting.members[2])
    assert refusal.value.rule == "chair"
    assert sitting.determine(actor=deputy).decided_by == deputy


def test_without_a_deputy_any_clear_member_decides() -> None:
    sitting = builders.ready("fffff")
    builders.give(sitting.members[1], Role.DEPUTY, CORE)
    for person in sitting.members[:2]:
        recuse(sitting, person)
    sitting.review(sitting.members[3], sitting.members[4])
    assert sitting.determine(actor=sitting.members[2]).outcome == "funded"


def limited() -> Committee:
    committee = Committee.objects.get(slug="core")
    return services.edit_rules(actor=builders.admin(), committee=committee, version=1, name="Core", rules=Rules(), employer_limit=1)


def test_a_role_that_would_give_one_employer_too_many_members_is_refused() -> None:
    sitting = builders.sitting()
    committee, firm, more = limited(), builders.organisation("Northgate Bank"), builders.user("One More")
    builders.tie(sitting.members[1], firm)
    builders.tie(more, firm)
    actor = builders.admin()
    with pytest.raises(Refused) as refusal:
        roles.grant(actor=actor, user=more, role=Role.MEMBER, subject=CORE)
    assert refusal.value.rule == "concentration"
    assert "Northgate" not in refusal.value.message
    assert Record.objects.filter(act="people.grant_role", outcome="refused", rule="concentration").count() == 1
    assert not roles.has(more, Role.MEMBER, CORE)
    assert not selectors.concentrated(committee)
    builders.tie(sitting.members[2], firm)
    assert selectors.concentrated(committee)
    page = builders.browser().get("/committee/rules/core/").content.decode()
    assert "there are more today" in page
    assert "Northgate" not in page


def test_the_host_s_own_staff_are_not_concentrated() -> None:
    sitting = builders.sitting()
    limited()
    more, host = builders.user("One More"), builders.the_host()
    builders.tie(sitting.members[1], host.party)
    builders.tie(more, host.party)
    roles.grant(actor=builders.admin(), user=more, role=Role.MEMBER, subject=CORE)
    assert roles.has(more, Role.MEMBER, CORE)


def test_an_alternate_of_an_employer_that_has_its_share_is_passed_over() -> None:
    made = builders.project(money=459000)
    committee, members = builders.committee()
    Committee.objects.filter(pk=committee.pk).update(employer_limit=1)
    proposal = builders.submitted(builders.call([builders.funds.project_fund(made)]), made, builders.user("Inger Dahl"))
    panel = Panel.objects.select_related("committee", "proposal").get(proposal=proposal)
    first, _ = alternates("Zoe Firstly", "Abe Secondly")
    firm = builders.organisation("Northgate Bank")
    builders.tie(members[1], firm)
    builders.tie(first, firm)
    services.declare(actor=members[2], panel=panel, conflict=True, because="Friends")
    assert on_panel(panel) == {"Abe Secondly": "invited"}


def test_a_dismissed_tie_gives_the_seat_back() -> None:
    sitting = builders.ready("fffff")
    named = sitting.members[1]
    relation = people.declare_relation(actor=named, other=sitting.applicant, kind="family")
    assert counting.sheet(sitting.panel).tally.recused == 1
    people.contest_relation(actor=sitting.applicant, relation=relation, why="I do not know them")
    people.settle_relation(actor=builders.admin(), relation=relation, holds=False, because="They do not know each other")
    seat = Seat.objects.get(panel=sitting.panel, user=named)
    assert (seat.state, seat.ground) == ("invited", "")
    assert not Bar.objects.filter(user=named).exists()
    assert counting.sheet(sitting.panel).tally.votes_for == 4
    services.declare(actor=named, panel=sitting.panel, conflict=False)
    assert (counting.sheet(sitting.panel).tally.votes_for, counting.sheet(sitting.panel).tally.reviews) == (5, 2)
    assert Review.objects.get(seat=seat).withdrawn_at is None


def test_a_dismissed_tie_does_not_undo_what_somebody_declared_themselves_nor_another_ground() -> None:
    sitting = builders.ready("fffff")
    declared, colleague = sitting.members[1], sitting.members[2]
    recuse(sitting, declared)
    relations = [people.declare_relation(actor=person, other=sitting.applicant, kind="family") for person in (declared, colleague)]
    firm = builders.organisation("Northgate Bank")
    people.set_employer(actor=sitting.applicant, party=firm)
    people.set_employer(actor=colleague, party=firm)
    for relation in relations:
        people.contest_relation(actor=sitting.applicant, relation=relation, why="No")
        people.settle_relation(actor=builders.admin(), relation=relation, holds=False, because="No")
    assert {seat.user_id: seat.ground for seat in sitting.panel.seats.filter(state="recused")} == {
        declared.pk: "declared",
        colleague.pk: "employer",
    }
    assert Bar.objects.filter(user__in=[declared, colleague]).count() == 2
    assert Relation.objects.filter(state="dismissed").count() == 2


def test_a_mail_that_still_waits_is_dropped_when_its_reader_steps_back() -> None:
    sitting = builders.sitting()
    first, second = sitting.members[1], sitting.members[2]
    recuse(sitting, first)
    dropped = Message.objects.get(kind="panel_seated", to=first.email)
    assert (dropped.state, dropped.body) == ("dropped", "")
    assert mail.send(message_id=dropped.pk) is False
    assert Message.objects.get(kind="panel_seated", to=second.email).state == "queued"


def test_funding_takes_a_vote_by_somebody_else() -> None:
    sitting = builders.sitting(rules=Rules(0, 50, 0))
    sitting.clear()
    sitting.vote("f")
    with pytest.raises(Refused) as refusal:
        sitting.determine()
    assert refusal.value.rule == "sole"
    assert Record.objects.filter(act="committee.determine", outcome="refused", rule="sole").count() == 1
    sitting.vote("f", sitting.members[1])
    assert sitting.determine().outcome == "funded"


def test_the_inspection_admin_shows_who_stepped_back_no_row_about_it() -> None:
    """Mails, audit rows and bars name the reference, who acted and when: enough to follow a vote from outside."""
    sitting = builders.ready("fffaa")
    officer = sitting.members[4]
    User.objects.filter(pk=officer.pk).update(is_staff=True, is_superuser=True)
    lists = [f"/admin/{name}/" for name in ("mail/message", "audit/record", "people/bar")]

    def found() -> set[str]:
        browser = builders.browser(User.objects.get(pk=officer.pk))
        return {page for page in lists if sitting.proposal.ref in browser.get(page).content.decode()}

    recuse(sitting, sitting.members[3])
    assert found() == set(lists)
    recuse(sitting, officer)
    assert found() == set()
