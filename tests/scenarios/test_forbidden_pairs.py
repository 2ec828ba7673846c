"""Two acts that one person may not do on the same thing: each refused by the service, with a row in the audit log, and undone.

A row is a pair: what somebody is to the thing (`tied`), what they try (`verb`), and the rule that stops them. The pairs of
stepping back and of committing alone are here; whoever adds a pair adds a row.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from funding import clock
from funding.audit.models import Record
from funding.errors import Refused
from funding.people import roles
from funding.people import services as people
from funding.people.models import Bar, RoleGrant, User
from funding.people.roles import Role
from grants.committee import counting
from grants.committee import services as committee
from grants.committee.models import Determination, Seat
from grants.committee.rules import Rules
from grants.engagements.models import Engagement
from grants.payouts import services as payouts
from grants.payouts.models import Payout
from grants.timesheets import selectors as timesheet_selectors
from grants.timesheets import services as timesheets
from grants.timesheets.models import WorkEntry
from tests.grants import builders
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders as paying

pytestmark = pytest.mark.django_db
Act = Callable[[], object]


@dataclass
class Desk:
    """A funded piece of work with days waiting and days approved, a run, and somebody with every role that could act on them."""

    engagement: Engagement
    actor: User
    verbs: dict[str, Act]


def funded(sitting: builders.Sitting) -> Engagement:
    sitting.determine()
    return Engagement.objects.get(proposal=sitting.proposal)


def desk() -> Desk:
    """Everything a maintainer, treasurer and administrator may approve of one piece of work."""
    with clock.at(work.NOW.replace(day=1)):
        sitting = builders.ready("fffff")
        engagement = funded(sitting)
    with clock.at(work.NOW):
        lead = builders.holder(Role.MAINTAINER, sitting.project.subject, name="Lead Person")
        approved, waiting = work.log(engagement, 2), work.log(engagement, 2, first=dt.date(2026, 10, 7))
        work.approve(engagement, approved, lead)
        work.account(engagement.payee)
        run = paying.prepared(builders.holder(Role.TREASURER))
    actor = builders.holder(Role.TREASURER, name="Many Hats")
    builders.give(actor, Role.ADMIN)
    builders.give(actor, Role.MAINTAINER, sitting.project.subject)
    failed = run.payouts.get()
    entries = [entry.pk for entry in waiting]
    return Desk(
        engagement,
        actor,
        {
            "work.approve": lambda: timesheets.approve(actor=actor, engagement=engagement, entries=entries),
            "work.return": lambda: timesheets.send_back(actor=actor, engagement=engagement, entries=entries, reason="No"),
            "engagement.end": lambda: timesheets.end_engagement(actor=actor, engagement=engagement, reason="No"),
            "payouts.release": lambda: payouts.release(actor=actor, run=run, control_total=run.control_total, withheld=0),
            "payouts.retry": lambda: payouts.retry(actor=actor, payout=failed),
        },
    )


def stepped_back(actor: User, engagement: Engagement) -> None:
    people.bar(user=actor, subject=engagement.proposal.subject, reason="Stepped back")


def tied_since(actor: User, engagement: Engagement) -> None:
    people.declare_relation(actor=engagement.worker, other=actor, kind="business")


def colleague_since(actor: User, engagement: Engagement) -> None:
    firm = builders.organisation("Northgate Bank")
    people.set_employer(actor=engagement.worker, party=firm)
    people.set_employer(actor=actor, party=firm)


def left_lately(actor: User, engagement: Engagement) -> None:
    with clock.at(clock.now() - dt.timedelta(days=30)):
        colleague_since(actor, engagement)
    people.leave_employer(actor=actor, party=actor.memberships.get().party)


def acts_for_the_payee(actor: User, engagement: Engagement) -> None:
    builders.tie(actor, engagement.payee, "owner")


TIES: dict[str, tuple[Callable[[User, Engagement], None], str]] = {
    "stepped back": (stepped_back, "recused"),
    "a relation since the decision": (tied_since, "relation"),
    "a colleague since the decision": (colleague_since, "employer"),
    "left the employer lately": (left_lately, "employer"),
    "acts for the payee": (acts_for_the_payee, "benefits"),
}
MONEY_VERBS = ("work.approve", "work.return", "engagement.end", "payouts.release", "payouts.retry")


def state_of_money() -> list[object]:
    return [
        *WorkEntry.objects.order_by("pk").values_list("state"),
        *Payout.objects.values_list("state"),
        *Engagement.objects.values_list("state"),
    ]


@pytest.mark.parametrize("verb", MONEY_VERBS)
@pytest.mark.parametrize("tie", list(TIES))
def test_who_is_tied_approves_nothing_of_it(tie: str, verb: str) -> None:
    found = desk()
    bind, rule = TIES[tie]
    bind(found.actor, found.engagement)
    before = state_of_money()
    with pytest.raises(Refused) as refusal:
        found.verbs[verb]()
    assert refusal.value.rule == rule
    assert Record.objects.filter(act=verb, actor_id=found.actor.pk, outcome="refused", rule=rule).count() == 1
    assert state_of_money() == before


@pytest.mark.parametrize("verb", ["work.approve", "work.return", "payouts.release"])
def test_the_same_press_by_somebody_free_is_done(verb: str) -> None:
    """What the refusals above stand against: without a tie, these verbs work in this world."""
    found = desk()
    found.verbs[verb]()
    assert Record.objects.filter(act=verb, actor_id=found.actor.pk, outcome="done").count() == 1


@dataclass(frozen=True)
class PanelPair:
    """`become` makes the second member tied after everybody declared; the rule is what each verb of the panel answers."""

    become: Callable[[builders.Sitting, User], object]
    rule: str


def recused(sitting: builders.Sitting, member: User) -> None:
    committee.declare(actor=member, panel=sitting.panel, conflict=True, because="We share a house")


PANEL_PAIRS = {
    "stepped back": PanelPair(recused, "recused"),
    "a relation declared by the applicant": PanelPair(
        lambda sitting, member: people.declare_relation(actor=sitting.applicant, other=member, kind="family"), "claim"
    ),
    "a relation that they declared": PanelPair(
        lambda sitting, member: people.declare_relation(actor=member, other=sitting.applicant, kind="family"), "recused"
    ),
    "leads the project by now": PanelPair(
        lambda sitting, member: roles.grant(actor=builders.admin(), user=member, role=Role.MAINTAINER, subject=sitting.project.subject),
        "recused",
    ),
    "left the committee": PanelPair(
        lambda sitting, member: roles.end(
            actor=builders.admin(), user=member, grant=RoleGrant.objects.get(user=member, subject="committee:core")
        ),
        "seat",
    ),
}


def panel_verbs(sitting: builders.Sitting, actor: User) -> dict[str, Act]:
    panel = sitting.panel
    seen = counting.sheet(panel).mark
    review = {"version": 0, "recommendation": "fund", "reasons": "Mine", "notes": "", "submit": True}
    return {
        "committee.review": lambda: committee.save_review(actor=actor, panel=panel, **review),  # type: ignore[arg-type]
        "committee.vote": lambda: committee.vote(actor=actor, panel=panel, choice="for"),
        "committee.determine": lambda: committee.determine(actor=actor, panel=panel, reasons="Mine", seen=seen),
    }


@pytest.mark.parametrize("verb", ["committee.review", "committee.vote", "committee.determine"])
@pytest.mark.parametrize("pair", list(PANEL_PAIRS))
def test_who_is_tied_by_now_does_nothing_on_the_panel(pair: str, verb: str) -> None:
    sitting = builders.sitting()
    sitting.clear()
    member = sitting.members[1]
    PANEL_PAIRS[pair].become(sitting, member)
    with pytest.raises(Refused) as refusal:
        panel_verbs(sitting, member)[verb]()
    assert refusal.value.rule == PANEL_PAIRS[pair].rule
    assert Record.objects.filter(act=verb, actor_id=member.pk, outcome="refused", rule=PANEL_PAIRS[pair].rule).count() == 1
    assert not Determination.objects.exists()


def test_nobody_commits_money_alone() -> None:
    """Commit × sole approval: the only vote in favour is that of whoever would publish it."""
    sitting = builders.sitting(rules=Rules(0, 50, 0))
    sitting.clear()
    sitting.vote("f")
    with pytest.raises(Refused) as refusal:
        sitting.determine()
    assert refusal.value.rule == "sole"
    assert Record.objects.filter(act="committee.determine", actor_id=sitting.chair.pk, outcome="refused", rule="sole").count() == 1
    assert not Determination.objects.exists()


def test_a_refused_determination_keeps_the_recusals_that_it_found() -> None:
    """The look before the count is a fact of its own: a refusal afterwards does not give the seat back."""
    sitting = builders.sitting()
    sitting.clear()
    firm = builders.organisation("Northgate Bank")
    builders.tie(sitting.applicant, firm)
    builders.tie(sitting.members[2], firm)
    with pytest.raises(Refused):
        sitting.determine()
    assert Seat.objects.get(panel=sitting.panel, user=sitting.members[2]).ground == "employer"
    assert Bar.objects.filter(user=sitting.members[2], subject=sitting.proposal.subject).exists()


def test_no_work_begins_that_nobody_may_approve() -> None:
    """The only people with the role are tied to the worker, so the decision waits and says who was looked at, and not why."""
    sitting = builders.ready("fffff")
    administrators = list(roles.holders(Role.ADMIN))
    for person in administrators:
        people.declare_relation(actor=sitting.applicant, other=person, kind="family")
    with pytest.raises(Refused) as refusal:
        sitting.determine()
    assert refusal.value.rule == "approver"
    assert administrators[0].name in refusal.value.message
    assert "famil" not in refusal.value.message
    assert not Engagement.objects.exists()
    assert not Determination.objects.exists()
    builders.holder(Role.MAINTAINER, sitting.project.subject)
    assert sitting.determine().outcome == "funded"


def test_who_worked_together_lately_decides_nothing_and_approves_as_before() -> None:
    """Recent co-work keeps somebody from a panel and not from the days: whoever approved last week may approve this week."""
    with clock.at(work.NOW.replace(day=1)):
        sitting = builders.ready("fffff")
        engagement = funded(sitting)
    with clock.at(work.NOW):
        member = sitting.members[1]
        builders.give(member, Role.ADMIN)
        days = work.log(engagement, 4)
        work.approve(engagement, days[:2], member)
        work.approve(engagement, days[2:], member)
        assert timesheet_selectors.worked_with([member.pk, sitting.members[2].pk], [engagement.worker_id]) == {
            (member.pk, engagement.worker_id)
        }
        builders.put_money(builders.funds.project_fund(sitting.project), 459000)
        again = builders.submitted(sitting.call, sitting.project, sitting.applicant)
        seats = {seat.user_id: seat.ground for seat in Seat.objects.filter(panel__proposal=again, state="recused")}
        assert seats == {member.pk: "cowork"}
    with clock.at(work.NOW.replace(year=2027, month=11)):
        assert timesheet_selectors.worked_with([member.pk], [engagement.worker_id]) == set()
