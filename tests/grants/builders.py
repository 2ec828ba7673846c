"""Plain functions for tests of the way from a call to a decision: people, money, a call, a rate, a proposal, a committee of five."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from funding import clock
from funding.funds import services as funds
from funding.funds.models import Fund, Project
from funding.ledger import services as ledger
from funding.money import Money
from funding.people.models import Host, Party, User
from funding.people.roles import Role
from grants.committee import counting
from grants.committee import services as committees
from grants.committee.models import Committee, Determination, Opening, Panel
from grants.committee.rules import Rules
from grants.proposals import rubrics
from grants.proposals import services as proposals
from grants.proposals.models import Call, Criterion, Proposal
from grants.rates.models import RateCard
from tests.funding.builders import browser, give, holder, host, organisation, own_party, tie, user

RATE = Money(45900, "USD")
MEMBERS = ("Lena Aas", "Adaeze Nwosu", "Jonas Lind", "Samuel Ortiz", "Priya Raman")
CANARY = "Zanzibar-canary"
"""A word that stands in every title, story and outcome made here, to be looked for where it must not be."""
_numbers = count(1)


def the_host() -> Host:
    return Host.get() or host()


def admin() -> User:
    return holder(Role.ADMIN, name=f"Administrator {next(_numbers)}")


def project(slug: str = "quillon", *, money: int = 0) -> Project:
    """An open project with its restricted fund, holding `money` minor units."""
    the_host()
    made = Project.objects.create(
        slug=slug,
        name=slug.title(),
        summary="A parser",
        rate_amount=RATE.amount,
        rate_currency="USD",
        created_at=clock.now(),
        state=Project.State.OPEN,
    )
    fund = funds.open_fund(
        slug=slug, name=f"{made.name} fund", kind=Fund.Kind.RESTRICTED, purpose=f"Work on {made.name}", currency="USD", project=made
    )
    if money:
        put_money(fund, money)
    return made


def general_fund(*, money: int = 0) -> Fund:
    the_host()
    fund = funds.open_fund(slug="common", name="Common fund", kind=Fund.Kind.GENERAL, purpose="Anything", currency="USD")
    if money:
        put_money(fund, money)
    return fund


def put_money(fund: Fund, amount: int) -> None:
    """A contribution without fees."""
    cash = ledger.open_account(code=f"cash:stripe:{fund.currency}", klass="cash", currency=fund.currency)
    clearing = ledger.open_account(code=f"clearing:{fund.currency}", klass="clearing", currency=fund.currency)
    lines = [
        ledger.Line(debit=cash, credit=clearing, amount=amount, kind="contribution"),
        ledger.Line(debit=clearing, credit=fund.account, amount=amount, kind="allocation"),
    ]
    reference = f"gift-{next(_numbers)}"
    ledger.post(kind="contribution", source="test", reference=reference, lines=lines, at=clock.now(), effective_on=clock.today())


def available(fund: Fund) -> int:
    """Minor units that nobody has reserved, as the books have it now."""
    return ledger.account(fund.account.code).available.amount


def rate(person: User, amount: Money = RATE, since: dt.date | None = None, state: str = RateCard.State.APPROVED) -> RateCard:
    decided = {} if state == RateCard.State.PROPOSED else {"decided_by": admin(), "decided_at": clock.now()}
    return RateCard.objects.create(
        user=person,
        currency=amount.currency,
        amount=amount.amount,
        effective_from=since or clock.today() - dt.timedelta(days=30),
        state=state,
        proposed_by=person,
        proposed_at=clock.now(),
        **decided,
    )


def committee(slug: str = "core", *, members: Sequence[str] = MEMBERS, rules: Rules | None = None) -> tuple[Committee, list[User]]:
    """A committee and its members, the first of whom chairs it."""
    rules = rules or Rules()
    made = Committee.objects.create(
        slug=slug,
        name=f"The {slug} committee",
        quorum_percent=rules.quorum_percent,
        majority_percent=rules.majority_percent,
        minimum_reviews=rules.minimum_reviews,
        tie=rules.tie,
        review_days=rules.review_days,
        created_at=clock.now(),
    )
    people = [user(name) for name in members]
    for index, person in enumerate(people):
        give(person, Role.MEMBER if index else Role.CHAIR, made.subject)
    return made, people


def call(
    funds: Sequence[Fund], *, slug: str = "winter", committee: str = "core", state: str = Call.State.OPEN, max_rate: int = 60000
) -> Call:
    made = Call.objects.create(
        slug=slug,
        title=f"The {slug} call",
        brief="Ask for days.",
        opens_at=clock.now() - dt.timedelta(days=1),
        committee=committee,
        currency="USD",
        max_half_days=60,
        max_rate=max_rate,
        state=state,
        created_by=admin(),
        created_at=clock.now(),
    )
    for order, fund in enumerate(funds):
        made.call_funds.create(fund=fund, order=order)
    return made


def criteria(call: Call, terms: Sequence[rubrics.Terms] = rubrics.FULL) -> list[Criterion]:
    """Give the call criteria although it is open: the service would refuse."""
    return [
        Criterion.objects.create(
            call=call,
            position=position,
            name=it.name,
            asks=it.asks,
            weight=it.weight,
            anchors=list(it.anchors),
            may_skip=it.may_skip,
        )
        for position, it in enumerate(terms)
    ]


def draft(call: Call, project: Project, applicant: User, *, half_days: int = 20, payee: Party | None = None) -> Proposal:
    content = proposals.Content(
        project=project,
        payee=payee,
        title=f"Deterministic builds {CANARY}",
        story=f"We would sort the links. {CANARY}",
        outcome=f"A rebuild farm. {CANARY}",
        half_days=half_days,
    )
    return proposals.start_draft(actor=applicant, call=call, content=content)


def submitted(call: Call, project: Project, applicant: User, *, half_days: int = 20, payee: Party | None = None) -> Proposal:
    """A proposal with its panel seated. The applicant gets an approved rate when they have none."""
    if not RateCard.objects.filter(user=applicant).exists():
        rate(applicant)
    return proposals.submit(actor=applicant, proposal=draft(call, project, applicant, half_days=half_days, payee=payee))


@dataclass
class Sitting:
    """One proposal of 10 days for 4,590.00 with its committee of five, in the state in which the panel was just seated."""

    project: Project
    call: Call
    applicant: User
    proposal: Proposal
    panel: Panel
    members: list[User]

    @property
    def chair(self) -> User:
        return self.members[0]

    def clear(self, *people: User) -> None:
        """Those named declare no conflict; everybody when nobody is named."""
        for person in people or self.members:
            committees.declare(actor=person, panel=self.panel, conflict=False)

    def review(self, *people: User, recommendation: str = "fund") -> None:
        for person in people:
            committees.save_review(
                actor=person,
                panel=self.panel,
                version=0,
                recommendation=recommendation,
                reasons=f"Reasons of {person.name}",
                notes=f"Notes of {person.name}",
                submit=True,
            )

    def open_reviews(self) -> None:
        """As if the deadline had passed. Tests of the opening itself use the service."""
        revision = self.proposal.revisions.count()
        now = {"because": Opening.Because.DEADLINE, "opened_at": clock.now()}
        Opening.objects.get_or_create(panel=self.panel, revision=revision, defaults=now)

    def vote(self, choices: str, *people: User) -> None:
        """One letter for each person in order: f for, a against, o abstain. Opens the reviews first, whatever is in."""
        self.open_reviews()
        names = {"f": "for", "a": "against", "o": "abstain"}
        for person, letter in zip(people or self.members, choices, strict=False):
            committees.vote(actor=person, panel=self.panel, choice=names[letter])

    def determine(self, actor: User | None = None, reasons: str = "It is needed.", wait: bool = False) -> Determination:
        seen = counting.sheet(self.panel, also_recused=committees.excluded_now(self.panel)).mark
        return committees.determine(actor=actor or self.chair, panel=self.panel, reasons=reasons, seen=seen, wait=wait)


def sit(proposal: Proposal) -> Sitting:
    """The panel of a proposal that was submitted already, with its members."""
    panel = Panel.objects.select_related("committee", "proposal").get(proposal=proposal)
    members = [seat.user for seat in panel.seats.select_related("user")]
    return Sitting(proposal.project, proposal.call, proposal.applicant, proposal, panel, members)


def sitting(*, money: int = 459000, rules: Rules | None = None, before: Sequence[str] = MEMBERS) -> Sitting:
    """A project whose fund holds `money`, an open call, a committee of five and one submitted proposal."""
    made = project(money=money)
    _, members = committee(members=before, rules=rules)
    opened = call([funds.project_fund(made)])
    applicant = user("Inger Dahl")
    proposal = submitted(opened, made, applicant)
    panel = Panel.objects.select_related("committee", "proposal").get(proposal=proposal)
    return Sitting(made, opened, applicant, proposal, panel, members)


def ready(choices: str = "fffaa", *, money: int = 459000, rules: Rules | None = None) -> Sitting:
    """A sitting in which everybody declared, two reviewed and all voted as `choices` says."""
    made = sitting(money=money, rules=rules)
    made.clear()
    made.review(*made.members[:2])
    made.vote(choices)
    return made


__all__ = ["browser", "give", "holder", "organisation", "own_party", "tie", "user"]
