"""The host, its people and their roles, the projects with their tiers, the committee, and the day rates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from funding import clock
from funding.funds import services as funds
from funding.funds.models import Project
from funding.mail import probe as mail_probe
from funding.money import Money
from funding.payments import bank
from funding.people import roles
from funding.people import services as people
from funding.people.models import Host, Party, Relation
from funding.site.demo.story.cast import CAST, enter_cast, user
from funding.site.demo.story.scene import Scene
from funding.site.demo.story.when import MONTHS, on
from grants.committee import services as committee
from grants.committee.models import Committee
from grants.committee.rules import Rules
from grants.rates import services as rates
from grants.rates.models import RateCard
from sponsors.tiers import services as tiers
from sponsors.tiers.models import Tier

CURRENCY = "USD"
HOST_NAME = "Fjord Open Source Fund"
EMPLOYER = "Eide Software AS"
RATE = 459


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
    maintainer: str
    target_days: int = 20


@dataclass(frozen=True, slots=True)
class TierPlan:
    """`amount` in whole dollars, each month unless it is given once."""

    name: str
    amount: int
    audience: str
    description: str
    benefits: str
    interval: str = "month"


PROJECTS = (
    ProjectPlan(
        "quillon",
        "Quillon",
        "The streaming parser underneath 41,000 packages.",
        "Marit Solheim can work for your company full time.",
        (
            "Marit maintains Quillon, the streaming parser underneath 41,000 packages. No single company needs to hire her. A hundred "
            "of them share her month instead: each seat buys one fifth of a working day, every day is written up here, and each "
            "payment can be traced to the days it paid for.\n\n### What the days go to\n\n- Reports from users, answered or closed "
            "within a week\n- Releases with notes\n- Fuzzing, because Quillon reads files from strangers"
        ),
        "theo",
    ),
    ProjectPlan(
        "harrow",
        "Harrow",
        "A toolchain that builds the same firmware twice.",
        "Harrow can build the same bytes twice.",
        "Two people who build the same Harrow release should get the same bytes. Today they do not.",
        "inger",
        10,
    ),
    ProjectPlan(
        "tern",
        "Tern",
        "Timetables for buses, trains and ferries, in one small library.",
        "Tern knows when the ferry leaves.",
        "Tern reads the timetables of 300 carriers. Kofi Mensah answers for it in the evenings; a few days a month would change that.",
        "kofi",
        4,
    ),
)
INDIVIDUAL = TierPlan(
    "Individual", 15, "person", "For people who use it.", "Your name in the book, or no name\nA monthly note on what it paid for"
)
SEAT = TierPlan(
    "Company seat",
    100,
    "company",
    "A full-time maintainer, shared with the other seats.",
    "One fifth of a working day a month\nA receipt for each payment\nA report to forward to finance: days, people, work",
)
WHOLE_DAY = TierPlan(
    "Whole day", 500, "anyone", "One full day of work a month.", "Everything in a company seat\nYour day named in the work log"
)
FOUNDING = TierPlan(
    "Founding company", 2_500, "company", "Five days, paid once, so that the work could begin.", "Named in the first report", "once"
)
OFFERS = (
    ("quillon", "theo", (INDIVIDUAL, SEAT, WHOLE_DAY, FOUNDING)),
    ("harrow", "inger", (INDIVIDUAL, SEAT)),
    ("tern", "kofi", (INDIVIDUAL, SEAT)),
)


def scenes() -> list[Scene]:
    first = on(MONTHS, 1)
    return [
        Scene(first, f"Ingrid Halvorsen sets up the {HOST_NAME}", open_host),
        Scene(first, "She names two treasurers and an auditor", partial(give_roles, "host")),
        Scene(first, "She names the host's bank account and tries the mail", try_bank_and_mail),
        *(Scene(first, f"{plan.name} opens", partial(add_project, plan)) for plan in PROJECTS),
        *(
            Scene(first, f"{slug.title()} publishes {plan.name}, ${plan.amount:,}", partial(publish_tier, slug, who, place, plan))
            for slug, who, plans in OFFERS
            for place, plan in enumerate(plans)
        ),
        Scene(first, "Six people form the committee", seat_committee),
        *(Scene(first, f"{name} agrees a day rate", partial(agree_rate, name.lower())) for name in ("Marit", "Theo", "Inger", "Kofi")),
        Scene(on(5, 1), "Quillon has enough founding companies", partial(retire_tier, "quillon", "theo", FOUNDING)),
    ]


def open_host() -> None:
    """Everybody arrives; the administrator sets up the host. Before there is one, the installer is a superuser."""
    enter_cast()
    admin = user("ingrid")
    if Host.get() is None:
        admin.is_superuser = admin.is_staff = True
        admin.save(update_fields=["is_superuser", "is_staff"])
        people.create_host(actor=admin, name=HOST_NAME, code="fjord", currency=CURRENCY, country="NO", fee_basis_points=500)
    for treasurer in ("solveig", "mateus"):
        if not _works_at(treasurer, HOST_NAME):
            people.name_employer(actor=user(treasurer), name=HOST_NAME)
    employer = Party.objects.filter(name=EMPLOYER).first()
    if employer is None:
        employer = people.create_party(
            kind=Party.Kind.ORGANISATION, name=EMPLOYER, email=user("nils").email, country="NO", owner=user("nils")
        )
    if not _works_at("theo", EMPLOYER):
        people.set_employer(actor=user("theo"), party=employer)


def try_bank_and_mail() -> None:
    """As the tasks of an empty installation ask for it; the code is read from the mail."""
    admin, host = user("ingrid"), Host.get()
    assert host is not None
    if bank.account() is None:
        bank.name_account(actor=admin, host=host, holder=host.name, number="NO93 8601 1117 947", bic="FJRDNOKK", bank="Fjordbanken")
    if mail_probe.passed() is None:
        mail_probe.confirm(actor=admin, code=mail_probe.send(actor=admin).code)


def _works_at(key: str, name: str) -> bool:
    return user(key).memberships.filter(party__name=name, until=None).exists()


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
            homepage=f"https://{plan.slug}.example",
            target_half_days=2 * plan.target_days,
            rate=dollars(RATE),
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
            interval=plan.interval,
            audience=plan.audience,
            description=plan.description,
            benefits=plan.benefits,
            position=position,
        )
    if tier.state == Tier.State.DRAFT:
        tiers.publish_tier(actor=actor, tier=tier, version=tier.version)


def retire_tier(slug: str, maintainer: str, plan: TierPlan) -> None:
    tier = Tier.objects.get(project__slug=slug, name=plan.name)
    if tier.state == Tier.State.PUBLISHED:
        tiers.retire_tier(actor=user(maintainer), tier=tier)


def seat_committee() -> None:
    """Six people and their rules; one of them declares that she is related to a maintainer."""
    if not Committee.objects.filter(slug="core").exists():
        rules = Rules(quorum_percent=50, majority_percent=50, minimum_reviews=2, tie=Committee.Tie.DEFER, review_days=28)
        committee.create_committee(actor=user("ingrid"), slug="core", name="Core grants committee", rules=rules)
    give_roles("committee:core")
    if not Relation.objects.filter(user=user("priya"), other=user("marit")).exists():
        people.declare_relation(actor=user("priya"), other=user("marit"), kind="family", words="Sister-in-law")


def agree_rate(key: str) -> None:
    """The person asks for their day rate and a treasurer agrees."""
    card = RateCard.objects.filter(user=user(key)).first()
    if card is None:
        card = rates.propose(actor=user(key), rate=dollars(RATE), effective_from=clock.today())
    if card.state == RateCard.State.PROPOSED:
        rates.approve(actor=user("solveig"), card=card)
