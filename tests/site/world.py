"""One small world in which every page has something to show and every form something to act on, made through the services.

It is made once for a module and never committed; each test works inside a savepoint that is rolled back (`conftest.py`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from django.test import Client

from funding import clock
from funding.funds import moves, needs, reserve
from funding.funds import services as funds
from funding.funds.entries import opening
from funding.funds.models import FundMove, Need, Project, Voucher
from funding.ledger.models import BookDay, Entry
from funding.mail import services as mail
from funding.mail.models import Message
from funding.money import Money
from funding.payments.models import Difference, InboxEvent, Probe, ProcessorLine
from funding.people import invitations
from funding.people import services as people
from funding.people.models import ActingChange, Invitation, Party, Relation, RoleGrant, User
from funding.people.roles import Role
from funding.site.api import services as tokens
from funding.site.api.models import Token
from funding.web import trouble
from funding.web.models import Trouble
from grants.awards.models import Award, Correction, GivingBack
from grants.committee import counting
from grants.committee import services as committees
from grants.committee.models import Committee, Determination, Panel
from grants.committee.rules import Rules
from grants.committee.services import create_committee, excluded_now
from grants.engagements.models import Engagement
from grants.payouts import changes, signers
from grants.payouts import services as payouts
from grants.payouts.models import Freeze, PayeeChange, Payout, PayoutRun
from grants.proposals.models import Call, Proposal
from grants.rates import services as rates
from grants.rates.models import RateCard
from grants.timesheets.models import WorkEntry
from sponsors.billing import links
from sponsors.billing.models import CardChange
from sponsors.billing.services import Joined
from sponsors.goals import links as goal_links
from sponsors.goals.models import Goal, Pledge
from sponsors.refunds.models import Dispute, Refund
from sponsors.sponsorships.models import Sponsorship
from sponsors.tiers.models import Tier
from tests.funding.builders import browser, holder, show_factor, user
from tests.grants import builders as committee
from tests.grants.awards import builders as awards
from tests.grants.engagements import builders as work
from tests.sponsors import builders as sponsors
from tests.sponsors.goals import builders as goals

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
    sealed: Panel
    committee: Committee
    draft: Proposal
    entries: list[WorkEntry]
    engagement: Engagement
    idle: Engagement
    run: PayoutRun
    card: RateCard
    event: InboxEvent
    probe: Probe
    difference: Difference
    employer: Party
    relation: Relation
    contested: Relation
    grant: RoleGrant
    trouble: Trouble
    parked_mail: Message
    giving: Joined
    paid: Joined
    refund: Refund
    dispute: Dispute
    move: FundMove
    voucher: Voucher
    need: Need
    determination: Determination
    change: PayeeChange
    frozen: Freeze
    acting: ActingChange
    invitation: Invitation
    goal: Goal
    draft_goal: Goal
    pledge: Pledge
    award: Award
    draft_award: Award
    agreed_award: Award
    token: Token
    booked_award: Award
    asked_back: GivingBack
    asked_correction: Correction
    approved: Determination
    browsers: dict[str, Client] = field(default_factory=dict)
    shown: float = 0
    """When everybody last showed a second factor, on the clock of `time.monotonic`."""

    def show_factors(self) -> None:
        """Everybody shows their second factor now: it is fresh for ten minutes of real time, and a module may take longer."""
        for who, client in self.browsers.items():
            if person := self.people.get(who):
                show_factor(client, person)
        self.shown = time.monotonic()

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

    def signed_run(self) -> str:
        return signers.link(self.people["cosigner"], self.run).rstrip("/").rpartition("/")[2]

    def of_pledge(self) -> list[str]:
        return [self.goal.slug, goal_links.token(self.pledge)]

    def signed_payment(self) -> str:
        return links.sign(links.PAID, self.giving.payment.ref)

    def signed_change(self) -> str:
        return links.sign(links.SAVED, CardChange.objects.get().ref)

    def an_entry(self) -> int:
        return Entry.objects.order_by("number").values_list("number", flat=True)[0]

    def a_book_day(self) -> str:
        """The first day of the books, which is not sealed."""
        return str(BookDay.objects.order_by("day").values_list("day", flat=True)[0])


def build() -> World:
    """Everything; the committee's work is dated BEGUN, the rest with the clock as it stands. No network."""
    with clock.at(BEGUN):
        sitting = committee.ready(money=2_000_000)
    project, members = sitting.project, sitting.members
    reserve.shortfall_account(reserve.reserve_fund("USD").currency)  # a page that is only read opens them, and the books show them
    office = {
        "admin": holder(Role.ADMIN, name="Signe Holm"),
        "treasurer": holder(Role.TREASURER, name="Tora Maker"),
        "second treasurer": holder(Role.TREASURER, name="Ivar Checker"),
        "auditor": holder(Role.AUDITOR, name="Odd Reader"),
        "cosigner": holder(Role.COSIGNER, name="Olav Outside"),
        "lead": holder(Role.MAINTAINER, project.subject, name="Lead Person"),
        "installer": user("First Installer", is_superuser=True, is_staff=True),
        "stranger": user("Stranger Danger"),
        "friend": user("Friend Nearby"),
        "worker": user("Wera Worker"),
        "idle worker": user("Ida Idle"),
        "second applicant": user("Second Applicant"),
        "applicant": sitting.applicant,
        "sponsor": user("Siri Sponsor"),
        **{f"member {number}": member for number, member in enumerate(members)},
    }
    other = committee.submitted(sitting.call, project, office["second applicant"], half_days=4)
    sealed = _sealed(sitting, office["second applicant"])
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
    goal = goals.goal(project, actor=office["lead"], deadline=NOW + 20 * goals.DAY)
    award, draft_award, agreed_award = awards.three(office["treasurer"], office["second treasurer"], project)
    desk = awards.Desk(office["treasurer"], office["second treasurer"])
    booked, asked_about = (awards.booked(desk.maker, desk.checker, project, slug) for slug in ("elder", "fir"))
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
        sealed=sealed,
        committee=create_committee(actor=office["admin"], slug="second", name="Second committee", rules=Rules()),
        draft=draft,
        entries=entries,
        engagement=engagement,
        idle=idle,
        run=run,
        card=rates.propose(actor=office["friend"], rate=Money(40_000, "USD"), effective_from=clock.today()),
        event=_parked_event(),
        probe=_probe(office["admin"]),
        difference=_difference(),
        employer=employment.party,
        relation=people.declare_relation(actor=office["stranger"], other=office["friend"], kind="family"),
        contested=_contested(office["friend"], office["idle worker"]),
        grant=RoleGrant.objects.get(user=office["auditor"]),
        trouble=_trouble(),
        parked_mail=_parked_mail(),
        paid=(paid := sponsors.booked(sponsors.sign_up(tier, name="Pernille Payer", email="pernille@example.org"))),
        refund=_asked_refund(sponsors.booked(sponsors.sign_up(tier, name="Rune Refund", email="rune@example.org")), office["treasurer"]),
        dispute=_inquiry(paid),
        move=_asked_move(office["treasurer"]),
        voucher=_asked_opening(office["treasurer"], project),
        need=needs.want(about="test:waits", project=project, half_days=4, rate=Money(40_000, "USD")),
        giving=sponsors.sign_up(tier, actor=office["sponsor"], name="Siri Sponsor", email="siri@example.org"),
        determination=Determination.objects.get(panel__proposal=engagement.proposal),
        award=award,
        draft_award=draft_award,
        agreed_award=agreed_award,
        booked_award=booked,
        asked_back=awards.ask_back(desk, asked_about, 100),
        asked_correction=awards.correct(desk, asked_about, 1, 39_000),
        approved=_approved(sitting),
        goal=goal,
        draft_goal=goals.goal(project, slug="later", actor=office["lead"], published=False, deadline=NOW + 20 * goals.DAY),
        pledge=goals.started(goal, actor=office["sponsor"], name="Siri Sponsor", email="siri@example.org"),
        change=_new_bank(idle),
        frozen=changes.freeze(change=_new_bank(idle)),
        token=tokens.make(actor=office["stranger"], name="A script", scopes=["read"], days=30, factor_shown=False)[0],
        acting=ActingChange.objects.create(
            party=employment.party, user=office["friend"], begins=True, reason="They wrote.", asked_by=office["admin"], asked_at=clock.now()
        ),
        invitation=invitations.invite(actor=office["admin"], email="new@example.org", role=Role.AUDITOR),
    )
    stepped_back = office["member 4"]
    committees.declare(actor=stepped_back, panel=world.undeclared, conflict=True, because="We share a house.")
    _closed_card_page(world.giving.sponsorship)
    for who in [*office, "nobody"]:
        world.browser(who)  # sessions are rows too: one that is opened later would be rolled back under its browser
    return world


def _asked_move(treasurer: User) -> FundMove:
    giver, taker = funds.host_fund("USD"), reserve.reserve_fund("USD")
    return moves.ask(actor=treasurer, giver=giver, taker=taker, amount=Money(100, "USD"), reason="In case of disputes")


def _asked_opening(treasurer: User, project: Project) -> Voucher:
    fund, on = funds.project_fund(project), clock.today()
    return opening.ask(actor=treasurer, amount=Money(100, "USD"), on=on, place=Voucher.Place.BANK, fund=fund, reason="The old books.")


def _asked_refund(joined: Joined, actor: User) -> Refund:
    """One that says that it takes other money, so that it waits for a second person."""
    return Refund.objects.create(
        ref="RF-0900", payment=joined.payment, amount=4_000, currency="USD", category="requested_by_customer", reason="They asked.",
        asked_by=actor, asked_at=clock.now(), from_others=4_000, idempotency_key="none", next_look_at=clock.now(),
    )  # fmt: skip


def _inquiry(joined: Joined) -> Dispute:
    """A bank that asks about a payment; a claim takes the processor."""
    return Dispute.objects.create(
        ref="DP-0900", payment=joined.payment, processor_id="du_1", amount=10_000, currency="USD", status="warning_needs_response",
        reason="fraudulent", opened_on=clock.today(), next_look_at=clock.now(),
    )  # fmt: skip


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


def _approved(sitting: committee.Sitting) -> Determination:
    """More days than any fund has money for: approved, and waiting."""
    with clock.at(BEGUN):
        proposal = committee.submitted(sitting.call, sitting.project, user("Vera Waits"), half_days=60)
        panel = Panel.objects.select_related("committee", "proposal").get(proposal=proposal)
        waits = replace(sitting, proposal=proposal, panel=panel)
        waits.clear()
        waits.review(*waits.members[:2])
        waits.vote("fffff")
        return waits.determine(wait=True)


def _sealed(sitting: committee.Sitting, applicant: User) -> Panel:
    """A panel of which all have declared and one review is in."""
    proposal = committee.submitted(sitting.call, sitting.project, applicant, half_days=6)
    panel = Panel.objects.select_related("committee", "proposal").get(proposal=proposal)
    sealed = replace(sitting, applicant=applicant, proposal=proposal, panel=panel)
    sealed.clear()
    sealed.review(sealed.members[1])
    return panel


def _new_bank(of: Engagement) -> PayeeChange:
    """A first bank account, which holds nothing; its link can still say that it was somebody else."""
    return changes.note(party=of.payee, what=PayeeChange.What.BANK, before="", after="Bank ending 6789", first=True, by=of.worker)


def _draft_project(admin: User) -> Project:
    return funds.create_project(
        actor=admin, slug="fern", name="Fern", summary="A shell", target_half_days=20, rate=Money(45_900, "USD"), story="Why."
    )


def _contested(declarer: User, named: User) -> Relation:
    relation = people.declare_relation(actor=declarer, other=named, kind="business")
    return people.contest_relation(actor=named, relation=relation, why="We have never met.")


def _difference() -> Difference:
    """A movement that the books know nothing of."""
    line = ProcessorLine.objects.create(
        txn_id="txn_1", kind="fee", amount=-200, fee=0, net=-200, currency="USD", created_at=NOW, available_on=NOW, read_at=NOW
    )
    return Difference.objects.create(reason="unclaimed", line=line, currency="USD", at_processor=-200, in_books=0, opened_at=NOW)


def _parked_event() -> InboxEvent:
    """An event that failed too often; its payload is nothing that anybody signed."""
    return InboxEvent.objects.create(
        event_id="evt_1", type="charge.updated", object_id="ch_1", payload=b"{}", state=InboxEvent.State.PARKED,
        attempts=8, error="RuntimeError: gone", received_at=clock.now(), next_try_at=clock.now(),
    )  # fmt: skip


def _probe(admin: User) -> Probe:
    """A replay of which the last step was refused; a real one takes the processor."""
    steps = [{"name": step.value, "ok": step != Probe.Step.PAYEE, "said": "acct_1"} for step in Probe.Step]
    return Probe.objects.create(asked_by=admin, asked_at=clock.now(), began_at=clock.now(), finished_at=clock.now(), steps=steps)


def _trouble() -> Trouble:
    trouble.note("sponsors.billing.tasks.settle_payment", "0", ValueError("no such payment"), args=(0,))
    return Trouble.objects.get()


def _parked_mail() -> Message:
    message = mail.write(kind="receipt", to="gone@example.org", key="receipt:gone", subject="Your receipt", body="Thank you.")
    Message.objects.filter(pk=message.pk).update(state=Message.State.PARKED, error="No such mailbox")
    return message


def _closed_card_page(sponsorship: Sponsorship) -> None:
    """A page that saved no card; opening one takes the processor."""
    now = clock.now()
    CardChange.objects.create(
        ref="CARD-0001", sponsorship=sponsorship, state="abandoned", idempotency_key="none", key_at=now, created_at=now, next_look_at=now
    )
