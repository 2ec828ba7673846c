"""One small world in which every page has something to show and every form something to act on, made through the services.

It is made once for a module and never committed; each test works inside a savepoint that is rolled back (`conftest.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from django.test import Client

from funding import clock
from funding.funds import services as funds
from funding.funds.models import Project
from funding.money import Money
from funding.payments.models import InboxEvent
from funding.people import services as people
from funding.people.models import Party, Relation, RoleGrant, User
from funding.people.roles import Role
from grants.committee import counting
from grants.committee.models import Committee, Panel
from grants.committee.rules import Rules
from grants.committee.services import create_committee, excluded_now
from grants.engagements.models import Engagement
from grants.payouts import services as payouts
from grants.payouts.models import Payout, PayoutRun
from grants.proposals.models import Call, Proposal
from grants.rates import services as rates
from grants.rates.models import RateCard
from grants.timesheets.models import WorkEntry
from sponsors.billing import links
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.models import Tier
from tests.funding.builders import browser, holder, user
from tests.grants import builders as committee
from tests.grants.engagements import builders as work
from tests.sponsors import builders as sponsors

NOW = work.NOW
"""A Friday, in UTC. The clock stands still on it."""
BEGUN = NOW.replace(day=1)


@dataclass
class World:
    """People by what they do here, and one row of each kind to act on. The project is `quillon`, the committee `core`."""

    people: dict[str, User]
    project: Project
    draft_project: Project
    tier: Tier
    draft_tier: Tier
    sponsorship: Sponsorship
    call: Call
    draft_call: Call
    ready: Panel
    undeclared: Panel
    committee: Committee
    draft: Proposal
    entries: list[WorkEntry]
    engagement: Engagement
    idle: Engagement
    run: PayoutRun
    card: RateCard
    event: InboxEvent
    employer: Party
    relation: Relation
    grant: RoleGrant
    browsers: dict[str, Client] = field(default_factory=dict)

    def browser(self, who: str) -> Client:
        """Signed in as that person, once; `nobody` is signed in as nobody. A page that crashes answers 500."""
        if who not in self.browsers:
            self.browsers[who] = browser(self.people.get(who))
            self.browsers[who].raise_request_exception = False
        return self.browsers[who]

    @property
    def submitted(self) -> Proposal:
        return self.undeclared.proposal

    @property
    def payout(self) -> Payout:
        return self.run.payouts.get()

    def mark(self) -> str:
        """The count of the ready panel as its chair sees it now."""
        return counting.sheet(self.ready, also_recused=excluded_now(self.ready)).mark

    def signed(self, purpose: str) -> str:
        return links.sign(purpose, self.sponsorship.ref)


def build() -> World:
    """Everything; the committee's work is dated BEGUN, the rest with the clock as it stands. No network."""
    with clock.at(BEGUN):
        sitting = committee.ready(money=2_000_000)
    project, members = sitting.project, sitting.members
    office = {
        "admin": holder(Role.ADMIN, name="Signe Holm"),
        "treasurer": holder(Role.TREASURER, name="Tora Maker"),
        "second treasurer": holder(Role.TREASURER, name="Ivar Checker"),
        "auditor": holder(Role.AUDITOR, name="Odd Reader"),
        "lead": holder(Role.MAINTAINER, project.subject, name="Lead Person"),
        "installer": user("First Installer", is_superuser=True, is_staff=True),
        "stranger": user("Stranger Danger"),
        "friend": user("Friend Nearby"),
        "worker": user("Wera Worker"),
        "idle worker": user("Ida Idle"),
        "second applicant": user("Second Applicant"),
        "applicant": sitting.applicant,
        **{f"member {number}": member for number, member in enumerate(members)},
    }
    other = committee.submitted(sitting.call, project, office["second applicant"], half_days=4)
    draft = committee.draft(sitting.call, project, office["worker"])
    engagement, idle = (_engagement(sitting, office[worker]) for worker in ("worker", "idle worker"))
    entries = work.log(engagement, 4)
    approved = work.log(engagement, 2, first=entries[-1].date.replace(day=7))
    work.approve(engagement, approved, office["lead"])
    work.account(engagement.payee)
    run = payouts.prepare(actor=office["treasurer"], currency="USD", up_to=clock.today())
    tier = sponsors.tier(project, actor=office["lead"])
    draft_call = committee.call([funds.project_fund(project)], slug="spring", state=Call.State.DRAFT)
    employment = people.name_employer(actor=office["stranger"], name="Northgate Bank")
    world = World(
        people=office,
        project=project,
        draft_project=_draft_project(office["admin"]),
        tier=tier,
        draft_tier=sponsors.tier(project, 5_000, published=False, actor=office["lead"], name="Supporter"),
        sponsorship=sponsors.sign_up(tier).sponsorship,
        call=sitting.call,
        draft_call=draft_call,
        ready=sitting.panel,
        undeclared=Panel.objects.select_related("proposal").get(proposal=other),
        committee=create_committee(actor=office["admin"], slug="second", name="Second committee", rules=Rules()),
        draft=draft,
        entries=entries,
        engagement=engagement,
        idle=idle,
        run=run,
        card=rates.propose(actor=office["friend"], rate=Money(40_000, "USD"), effective_from=clock.today()),
        event=_parked_event(),
        employer=employment.party,
        relation=people.declare_relation(actor=office["stranger"], other=office["friend"], kind="family"),
        grant=RoleGrant.objects.get(user=office["auditor"]),
    )
    for who in [*office, "nobody"]:
        world.browser(who)  # sessions are rows too: one that is opened later would be rolled back under its browser
    return world


def _engagement(sitting: committee.Sitting, worker: User) -> Engagement:
    """Ten days that the committee funded, from BEGUN on."""
    with clock.at(BEGUN):
        proposal = committee.submitted(sitting.call, sitting.project, worker)
        panel = Panel.objects.select_related("committee", "proposal").get(proposal=proposal)
        funded = replace(sitting, applicant=worker, proposal=proposal, panel=panel)
        funded.clear()
        funded.review(*funded.members[:2])
        funded.vote("fffff")
        funded.determine()
    return Engagement.objects.get(proposal=proposal)


def _draft_project(admin: User) -> Project:
    return funds.create_project(
        actor=admin, slug="fern", name="Fern", summary="A shell", target_half_days=20, rate=Money(45_900, "USD"), story="Why."
    )


def _parked_event() -> InboxEvent:
    """An event that failed too often; its payload is nothing that anybody signed."""
    return InboxEvent.objects.create(
        event_id="evt_1", type="charge.updated", object_id="ch_1", payload=b"{}", state=InboxEvent.State.PARKED,
        attempts=8, error="RuntimeError: gone", received_at=clock.now(), next_try_at=clock.now(),
    )  # fmt: skip
