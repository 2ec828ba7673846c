"""Who is seated, who is recused without being asked, and what a recusal does to money and to what was said before."""

from __future__ import annotations

import datetime as dt

import pytest

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.funds import services as funds
from funding.mail.models import Message
from funding.people import independence, roles
from funding.people import services as people
from funding.people.models import Bar, Relation, RoleGrant, User
from funding.people.roles import Role
from grants.committee import counting, services
from grants.committee.models import Panel, Review, Seat
from grants.committee.rules import Rules
from grants.proposals import services as proposals
from tests.grants import builders

pytestmark = pytest.mark.django_db


def seats(panel: Panel) -> dict[str, tuple[str, str]]:
    return {seat.user.name: (seat.state, seat.ground) for seat in panel.seats.select_related("user")}


def test_everybody_is_invited_and_told_by_reference_only() -> None:
    sitting = builders.sitting()
    assert seats(sitting.panel) == dict.fromkeys(builders.MEMBERS, ("invited", ""))
    mails = Message.objects.filter(kind="panel_seated")
    assert {mail.to for mail in mails} == {member.email for member in sitting.members}
    assert all(builders.CANARY not in mail.subject + mail.body and sitting.proposal.ref in mail.subject for mail in mails)


def recused_by_rule() -> tuple[builders.Sitting, dict[str, str]]:
    """A panel of six: own proposal, colleague of the applicant, declared relation, maintainer of the project, and two who are free."""
    made = builders.project(money=459000)
    _, members = builders.committee(members=["Chair Free", "Own Work", "Colleague", "Related", "Maintainer", "Also Free"])
    _, own, colleague, related, maintainer, _ = members
    employer = builders.organisation("Northgate Bank")
    builders.tie(own, employer)
    builders.tie(colleague, employer)
    people.declare_relation(actor=related, other=own, kind="family")
    builders.give(maintainer, Role.MAINTAINER, made.subject)
    call = builders.call([funds.project_fund(made)])
    proposal = builders.submitted(call, made, own)
    panel = Panel.objects.select_related("committee", "proposal").get(proposal=proposal)
    sitting = builders.Sitting(made, call, own, proposal, panel, members)
    return sitting, {"Own Work": "benefits", "Colleague": "employer", "Related": "relation", "Maintainer": "maintainer"}


def test_the_rules_recuse_without_asking() -> None:
    sitting, grounds = recused_by_rule()
    assert seats(sitting.panel) == {
        **{name: ("recused", ground) for name, ground in grounds.items()},
        "Chair Free": ("invited", ""),
        "Also Free": ("invited", ""),
    }
    assert all(seat.automatic for seat in sitting.panel.seats.filter(state="recused"))
    assert Record.objects.filter(act="committee.recuse", subject=sitting.proposal.ref).count() == 4
    assert {mail.to for mail in Message.objects.filter(kind="panel_seated")} == {"chair.free@example.org", "also.free@example.org"}


def test_working_for_the_payee_is_a_conflict_too() -> None:
    made = builders.project()
    payee = builders.organisation("Harrow Ltd")
    _, members = builders.committee()
    builders.tie(members[2], payee)
    applicant = builders.user("Inger Dahl")
    builders.tie(applicant, payee, "owner")
    proposal = builders.submitted(builders.call([funds.project_fund(made)]), made, applicant, payee=payee)
    assert seats(Panel.objects.get(proposal=proposal))["Jonas Lind"] == ("recused", "employer")


def test_working_for_the_host_is_not_a_conflict() -> None:
    made = builders.project()
    host = builders.the_host()
    _, members = builders.committee()
    applicant = builders.user("Inger Dahl")
    builders.tie(members[2], host.party)
    builders.tie(applicant, host.party)
    proposal = builders.submitted(builders.call([funds.project_fund(made)]), made, applicant)
    assert seats(Panel.objects.get(proposal=proposal))["Jonas Lind"] == ("invited", "")


def test_a_recusal_binds_the_money() -> None:
    sitting, grounds = recused_by_rule()
    barred = {bar.user.name for bar in Bar.objects.filter(subject=sitting.proposal.subject).select_related("user")}
    assert barred == set(grounds)
    related = User.objects.get(name="Related")
    Relation.objects.all().delete()
    found = independence.hindrance(related, subjects=[sitting.proposal.subject])
    assert found is not None
    assert found.rule == "recused"


def test_no_conflict_opens_and_a_conflict_needs_words() -> None:
    sitting = builders.sitting()
    sitting.clear(sitting.members[1])
    assert seats(sitting.panel)["Adaeze Nwosu"] == ("clear", "")
    with pytest.raises(Invalid) as error:
        services.declare(actor=sitting.members[2], panel=sitting.panel, conflict=True, because="  ")
    assert error.value.field == "because"
    services.declare(actor=sitting.members[2], panel=sitting.panel, conflict=True, because="We share an office")
    assert seats(sitting.panel)["Jonas Lind"] == ("recused", "declared")
    assert not Record.objects.filter(reason__contains="share an office").exists()


def test_no_conflict_is_not_taken_from_somebody_whom_a_rule_excludes() -> None:
    sitting = builders.sitting()
    Relation.objects.create(user=sitting.members[2], other=sitting.applicant, kind="family", declared_at=clock.now())
    services.declare(actor=sitting.members[2], panel=sitting.panel, conflict=False)
    seat = Seat.objects.get(panel=sitting.panel, user=sitting.members[2])
    assert (seat.state, seat.ground, seat.automatic) == ("recused", "relation", True)


def test_stepping_back_later_keeps_review_and_vote_as_history_and_counts_neither() -> None:
    sitting = builders.ready("fffaa")
    services.declare(actor=sitting.members[1], panel=sitting.panel, conflict=True, because="New job")
    tally = counting.sheet(sitting.panel).tally
    assert (tally.votes_for, tally.votes_against, tally.reviews, tally.eligible) == (2, 2, 1, 4)
    withdrawn = Review.objects.get(seat__user=sitting.members[1])
    assert withdrawn.withdrawn_at is not None
    assert withdrawn.seat.votes.count() == 1
    with pytest.raises(Conflict, match="already"):
        services.declare(actor=sitting.members[1], panel=sitting.panel, conflict=False)


def test_who_leaves_the_committee_loses_the_seat_and_is_not_counted() -> None:
    sitting = builders.ready("fffaa")
    leaving = RoleGrant.objects.get(user=sitting.members[4], subject="committee:core")
    roles.end(actor=builders.admin(), user=sitting.members[4], grant=leaving)
    tally = counting.sheet(sitting.panel).tally
    assert (tally.seated, tally.votes_against) == (4, 1)
    with pytest.raises(Refused, match="Only the members of this panel"):
        sitting.vote("a", sitting.members[4])


def test_who_joins_gets_a_seat_on_open_panels() -> None:
    sitting = builders.sitting()
    newcomer = builders.user("New Member")
    roles.grant(actor=builders.admin(), user=newcomer, role=Role.MEMBER, subject="committee:core")
    assert seats(sitting.panel)["New Member"] == ("invited", "")


def test_a_changed_proposal_is_read_and_voted_on_anew() -> None:
    sitting = builders.ready("fffaa")
    reopened = proposals.reopen(actor=sitting.applicant, proposal=sitting.proposal)
    with pytest.raises(Conflict, match="taken this proposal back"):
        sitting.vote("a")
    content = proposals.Content(sitting.project, None, "Shorter", "Less", "A guide", 10)
    saved = proposals.save_draft(actor=sitting.applicant, proposal=reopened, version=reopened.version, content=content)
    proposals.submit(actor=sitting.applicant, proposal=saved)
    sheet = counting.sheet(Panel.objects.select_related("committee", "proposal").get(pk=sitting.panel.pk))
    assert (sheet.revision, sheet.tally.voted, sheet.tally.reviews, sheet.tally.recused) == (2, 0, 0, 0)
    assert {state for state, _ in seats(sitting.panel).values()} == {"clear"}
    assert Message.objects.filter(kind="panel_revision").count() == 5
    sitting.vote("f")
    sitting.review(sitting.members[0])


def test_another_payee_makes_everybody_declare_again() -> None:
    sitting = builders.ready("fffaa")
    payee = builders.organisation("Harrow Ltd")
    builders.tie(sitting.applicant, payee, "owner")
    builders.tie(sitting.members[3], payee)
    reopened = proposals.reopen(actor=sitting.applicant, proposal=sitting.proposal)
    content = proposals.Content(sitting.project, payee, "Same", "Same", "Same", 10)
    saved = proposals.save_draft(actor=sitting.applicant, proposal=reopened, version=reopened.version, content=content)
    proposals.submit(actor=sitting.applicant, proposal=saved)
    assert seats(sitting.panel) == {
        name: ("recused", "employer") if name == "Samuel Ortiz" else ("invited", "") for name in builders.MEMBERS
    }


def test_the_rules_of_a_seated_panel_stay() -> None:
    sitting = builders.ready("fffaa")
    committee = sitting.panel.committee
    changed = services.edit_rules(
        actor=builders.admin(),
        committee=committee,
        version=1,
        name=committee.name,
        rules=Rules(50, 90, 2, "defer"),
    )
    assert changed.majority_percent == 90
    assert sitting.determine().outcome == "funded"


def test_a_role_that_begins_tomorrow_has_no_seat_today() -> None:
    made = builders.project()
    committee, _ = builders.committee()
    later = builders.user("Later Member")
    RoleGrant.objects.create(user=later, role=Role.MEMBER, subject=committee.subject, since=clock.today() + dt.timedelta(days=1))
    proposal = builders.submitted(builders.call([funds.project_fund(made)]), made, builders.user("Inger Dahl"))
    assert "Later Member" not in seats(Panel.objects.get(proposal=proposal))


def attempts(sitting: builders.Sitting, actor: User) -> dict[str, object]:
    """Every verb of a panel, tried by `actor`."""
    panel = sitting.panel
    review = {"version": 0, "recommendation": "fund", "reasons": "Mine", "notes": "", "submit": True}
    return {
        "committee.review": lambda: services.save_review(actor=actor, panel=panel, **review),
        "committee.vote": lambda: services.vote(actor=actor, panel=panel, choice="for"),
        "committee.determine": lambda: services.determine(actor=actor, panel=panel, reasons="Mine", seen=""),
    }


@pytest.mark.parametrize(
    ("who", "rule"),
    [("Own Work", "recused"), ("Colleague", "recused"), ("Maintainer", "recused"), ("Also Free", "undeclared"), ("Stranger", "seat")],
)
def test_refused_and_on_record(who: str, rule: str) -> None:
    sitting, _ = recused_by_rule()
    actor = User.objects.filter(name=who).first() or builders.user(who)
    for act, attempt in attempts(sitting, actor).items():
        with pytest.raises(Refused) as refusal:
            attempt()  # type: ignore[operator]
        assert refusal.value.rule == rule
        assert Record.objects.filter(act=act, actor_id=actor.pk, outcome="refused", rule=rule, subject=sitting.proposal.ref).count() == 1
    assert not Review.objects.exists()


def test_an_administrator_is_not_a_member() -> None:
    sitting = builders.sitting()
    with pytest.raises(Refused, match="Only the members of this panel"):
        sitting.vote("f", builders.admin())


def test_a_member_tied_after_declaring_cannot_vote() -> None:
    sitting = builders.sitting()
    sitting.clear()
    other = builders.organisation("Northgate Bank")
    builders.tie(sitting.members[2], other)
    builders.tie(sitting.applicant, other)
    with pytest.raises(Refused) as refusal:
        sitting.vote("f", sitting.members[2])
    assert refusal.value.rule == "employer"
