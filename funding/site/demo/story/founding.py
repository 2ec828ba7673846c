"""The host, its people and their roles, the projects with their tiers, the committee, the rates and the call."""

from __future__ import annotations

from dataclasses import dataclass

from funding import clock
from funding.funds import services as funds
from funding.funds.models import Project
from funding.money import Money
from funding.people import roles
from funding.people import services as people
from funding.people.models import Host
from funding.site.demo.story.cast import CAST, enter, user
from grants.committee import services as committee
from grants.committee.models import Committee
from grants.committee.rules import Rules
from grants.proposals import rubrics
from grants.proposals import services as calls
from grants.proposals.models import Call
from grants.rates import services as rates
from grants.rates.models import RateCard
from sponsors.tiers import services as tiers
from sponsors.tiers.models import Tier

CURRENCY = "USD"


def dollars(amount: int) -> Money:
    """Whole dollars."""
    return Money(amount * 100, CURRENCY)


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    slug: str
    name: str
    summary: str
    headline: str
    story: str
    homepage: str
    maintainer: str
    target_days: int = 20


@dataclass(frozen=True, slots=True)
class TierPlan:
    """`amount` in whole dollars a month."""

    name: str
    amount: int
    audience: str
    description: str
    benefits: str


def open_host() -> None:
    """Everybody arrives; the administrator sets up the host. Before there is one, the installer is a superuser."""
    for position, player in enumerate(CAST):
        enter(player, position)
    admin = user("ingrid")
    if Host.get() is None:
        admin.is_superuser = admin.is_staff = True
        admin.save(update_fields=["is_superuser", "is_staff"])
        people.create_host(actor=admin, name="Fjord Open Source Fund", code="fjord", currency=CURRENCY, country="NO", fee_basis_points=500)
    for treasurer in ("solveig", "mateus"):
        if "Fjord Open Source Fund" not in {row.party.name for row in user(treasurer).memberships.select_related("party")}:
            people.name_employer(actor=user(treasurer), name="Fjord Open Source Fund")


def give_roles(prefix: str) -> None:
    """The administrator gives the roles of the cast over subjects that begin with `prefix`."""
    admin = user("ingrid")
    for player in CAST:
        for role, subject in player.roles:
            if subject.startswith(prefix) and not roles.has(user(player.key), role, subject):
                roles.grant(actor=admin, user=user(player.key), role=role, subject=subject)


def add_project(plan: ProjectPlan) -> None:
    admin = user("ingrid")
    project = Project.objects.filter(slug=plan.slug).first()
    if project is None:
        project = funds.create_project(
            actor=admin,
            slug=plan.slug,
            name=plan.name,
            summary=plan.summary,
            headline=plan.headline,
            story=plan.story,
            homepage=plan.homepage,
            target_half_days=2 * plan.target_days,
            rate=dollars(459),
        )
    give_roles(project.subject)
    if project.state == Project.State.DRAFT:
        funds.set_project_state(actor=user(plan.maintainer), project=project, state=Project.State.OPEN)


def publish_tier(slug: str, maintainer: str, position: int, plan: TierPlan) -> None:
    project, actor = Project.objects.get(slug=slug), user(maintainer)
    tier = Tier.objects.filter(project=project, name=plan.name).first()
    if tier is None:
        tier = tiers.create_tier(
            actor=actor,
            project=project,
            name=plan.name,
            price=dollars(plan.amount),
            audience=plan.audience,
            description=plan.description,
            benefits=plan.benefits,
            position=position,
        )
    if tier.state == Tier.State.DRAFT:
        tiers.publish_tier(actor=actor, tier=tier, version=tier.version)


def seat_committee() -> None:
    """Five people and their rules; one of them declares that she is related to the maintainer."""
    if not Committee.objects.filter(slug="core").exists():
        rules = Rules(quorum_percent=50, majority_percent=50, minimum_reviews=2, tie=Committee.Tie.DEFER)
        committee.create_committee(actor=user("ingrid"), slug="core", name="Core grants committee", rules=rules)
    give_roles("committee:core")
    people.declare_relation(actor=user("priya"), other=user("marit"), kind="family", words="Sister-in-law")


def agree_rate(key: str) -> None:
    """The person asks for their day rate and a treasurer agrees."""
    card = RateCard.objects.filter(user=user(key)).first()
    if card is None:
        card = rates.propose(actor=user(key), rate=dollars(459), effective_from=clock.today())
    if card.state == RateCard.State.PROPOSED:
        rates.approve(actor=user("solveig"), card=card)


def open_call(brief: str) -> None:
    call = Call.objects.filter(slug="maintenance").first()
    if call is None:
        terms = calls.CallTerms(
            title="Days of maintenance",
            brief=brief,
            kind=Call.Kind.ROLLING,
            opens_at=clock.now(),
            closes_at=None,
            committee="core",
            max_half_days=20,
            max_rate=dollars(600),
            funds=[funds.project_fund(Project.objects.get(slug="quillon"))],
        )
        call = calls.create_call(actor=user("ingrid"), slug="maintenance", terms=terms)
    if call.state == Call.State.DRAFT:
        calls.set_rubric(actor=user("ingrid"), call=call, version=call.version, criteria=rubrics.FULL)
        calls.open_call(actor=user("ingrid"), call=call)
