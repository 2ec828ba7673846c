"""Plain functions that make what work and payouts stand on: a host, people, a project with money, a funded engagement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import count

from funding import clock, days
from funding.funds import services as funds
from funding.funds.models import Fund, Project
from funding.ledger import services as ledger
from funding.money import Money
from funding.payments.models import ConnectedAccount
from funding.people import services as people
from funding.people.models import HOST, Host, Party, RoleGrant, User
from grants.engagements import services as engagements
from grants.engagements.models import Engagement
from grants.proposals.models import Call, Proposal
from grants.timesheets import services as timesheets
from grants.timesheets.models import WorkEntry

RATE = Money(45900, "USD")
START = dt.date(2026, 10, 1)
NOW = dt.datetime(2026, 10, 30, 12, 0, tzinfo=dt.UTC)
_numbers = count(1)


def user(name: str, *roles: str) -> User:
    """Somebody who signs in. Each role is `treasurer` (over the host) or `maintainer@project:quillon`."""
    made = User.objects.create_user(f"{name.lower().replace(' ', '.')}@example.org", name=name)
    for role in roles:
        grant(made, role)
    return made


def grant(somebody: User, role: str) -> RoleGrant:
    name, _, subject = role.partition("@")
    return RoleGrant.objects.create(user=somebody, role=name, subject=subject or HOST, since=dt.date(2020, 1, 1))


def host() -> Host:
    found = Host.get()
    if found is not None:
        return found
    party = people.create_party(kind=Party.Kind.ORGANISATION, name="Fjord Open Source Fund", email="office@fjord.example")
    return Host.objects.create(party=party, name="Fjord Open Source Fund", code="fjord", currency="USD")


def project(slug: str = "quillon") -> Project:
    host()
    found = Project.objects.filter(slug=slug).first()
    if found is not None:
        return found
    made = Project.objects.create(
        slug=slug, name=slug.capitalize(), summary="A parser", rate_amount=RATE.amount, rate_currency="USD", created_at=clock.now()
    )
    funds.open_fund(slug=slug, name=made.name, kind=Fund.Kind.RESTRICTED, purpose=f"Work on {made.name}", currency="USD", project=made)
    return made


def fund(slug: str, *, currency: str = "USD") -> Fund:
    return funds.open_fund(slug=slug, name=slug.capitalize(), kind=Fund.Kind.RESTRICTED, purpose="Work", currency=currency)


def put_money(into: Fund, amount: int, *, reference: str = "") -> None:
    """A contribution without fees."""
    cash = ledger.open_account(code=f"cash:stripe:{into.currency}", klass="cash", currency=into.currency)
    clearing = ledger.open_account(code=f"clearing:{into.currency}", klass="clearing", currency=into.currency)
    ledger.post(
        kind="contribution",
        source="test",
        reference=reference or f"gift-{next(_numbers)}",
        lines=[
            ledger.Line(debit=cash, credit=clearing, amount=amount, kind="contribution"),
            ledger.Line(debit=clearing, credit=into.account, amount=amount, kind="allocation"),
        ],
        at=clock.now(),
        effective_on=clock.today(),
    )


def engagement(
    worker: User,
    *,
    half_days: int = 10,
    rate: Money = RATE,
    payee: Party | None = None,
    on: Project | None = None,
    split: Sequence[tuple[Fund, int]] = (),
    starts_on: dt.date = START,
) -> Engagement:
    """A funded proposal of `worker` with its engagement. `split` names the funds and what each reserves; else the project's fund does."""
    on = on or project()
    number = next(_numbers)
    call = Call.objects.create(
        slug=f"rolling-{number}", title="Rolling call", opens_at=NOW, committee="core", currency=rate.currency, max_half_days=800,
        max_rate=10**9, state=Call.State.OPEN, created_by=worker, created_at=NOW,
    )  # fmt: skip
    proposal = Proposal.objects.create(
        ref=f"P-{number:04d}", call=call, project=on, applicant=worker, payee=payee or people.person_party(user=worker),
        title="Faster incremental parsing", story="s", outcome="o", half_days=half_days, rate_amount=rate.amount,
        rate_currency=rate.currency, state=Proposal.State.FUNDED, created_at=NOW, updated_at=NOW, submitted_at=NOW, decided_at=NOW,
    )  # fmt: skip
    price = days.price(half_days, rate)
    reservations = []
    for source, amount in split or [(funds.project_fund(on), price.amount)]:
        put_money(source, amount)
        reservations.append(
            ledger.reserve(
                account=source.account, amount=amount, holder=("proposal", proposal.pk), key=f"{proposal.ref}:{source.slug}", at=clock.now()
            )
        )
    return engagements.adopt(proposal=proposal, half_days=half_days, rate=rate, reservations=reservations, starts_on=starts_on)


def cells(number: int, *, first: dt.date = START) -> list[tuple[dt.date, str]]:
    """That many half days in a row."""
    return [(first + dt.timedelta(days=index // 2), "am" if index % 2 == 0 else "pm") for index in range(number)]


def log(of: Engagement, number: int = 2, *, first: dt.date = START) -> list[WorkEntry]:
    return timesheets.log(actor=of.worker, engagement=of, cells=cells(number, first=first), note="Rewrite the tokenizer")


def approve(of: Engagement, entries: Sequence[WorkEntry], by: User) -> None:
    timesheets.approve(actor=by, engagement=of, entries=[entry.pk for entry in entries])


def account(party: Party, account_id: str = "", *, able: bool = True) -> ConnectedAccount:
    """The row of an account that the processor is said to know. Tests that send money use a real one of the stand-in."""
    return ConnectedAccount.objects.create(
        party=party, name=party.name, email=party.email, account_id=account_id or f"acct_{party.pk}", country="US", currency="USD",
        payouts_enabled=able, details_submitted=able, updated_at=clock.now(),
    )  # fmt: skip
