"""Plain functions that make tiers and sponsors for tests, through the services and the stand-in as the site does."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.models import AnonymousUser

from funding import clock
from funding.funds import services as funds
from funding.funds.models import Project
from funding.ledger.models import Account, Entry, Transfer
from funding.money import Money
from funding.payments import gateway
from funding.people.models import Host, User
from funding.people.roles import Role
from sponsors.billing import services as billing
from sponsors.billing.services import Joined, recording
from sponsors.invoices.models import Payment
from sponsors.tiers import services as tiers
from sponsors.tiers.models import Tier
from tests.funding import builders as people
from tests.funding.payments.standin import VISA, StandIn

JOINED = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def project(slug: str = "quillon", name: str = "Quillon", rate: int = 45_900) -> Project:
    """An open project of the host, which is made when there is none. A day costs $459.00."""
    if Host.get() is None:
        people.host()
    admin = people.holder(Role.ADMIN)
    made = funds.create_project(actor=admin, slug=slug, name=name, summary=f"{name} renders text.", target_half_days=40, rate=usd(rate))
    return funds.set_project_state(actor=admin, project=made, state=Project.State.OPEN)


def maintainer(of: Project) -> User:
    return people.holder(Role.MAINTAINER, of.subject)


def tier(of: Project | None = None, amount: int = 10_000, *, published: bool = True, actor: User | None = None, **fields: Any) -> Tier:
    """A tier of $100.00 a month unless told otherwise."""
    of = of or project()
    actor = actor or maintainer(of)
    fields = {"name": "Company seat", **fields}
    made = tiers.create_tier(actor=actor, project=of, price=usd(amount), **fields)
    return tiers.publish_tier(actor=actor, tier=made, version=made.version) if published else made


def sign_up(of: Tier | None = None, actor: User | None = None, **fields: Any) -> Joined:
    details = {"kind": "person", "name": "Ada Example", "email": "ada@example.org", "naming": "public", **fields}
    return billing.sign_up(actor=actor or AnonymousUser(), tier=of or tier(), **details)


def sponsor(stand_in: StandIn, of: Tier | None = None, *, card: str = VISA, **fields: Any) -> Joined:
    """A sponsor whose first payment is booked."""
    joined = sign_up(of, **fields)
    stand_in.press(billing.start_checkout(payment=joined.payment), "pay", card)
    return settled(joined)


def booked(joined: Joined, fee: int = 320) -> Joined:
    """The same without any network: the processor is said to have taken the money and told its fee."""
    payment = joined.payment
    charge = gateway.Charge(
        id=f"pi_{payment.ref}", status="succeeded", amount=payment.money, fee=usd(fee), balance_transaction=f"txn_{payment.ref}",
        payment_method="pm_1",        customer="cus_1", card_label="Visa ending 4242", failure_code=None, failure_message=None,
        metadata={"kind": "payment", "reference": payment.ref}, created=clock.now(),
    )  # fmt: skip
    recording.record(payment_id=payment.pk, charge=charge)
    for row in (joined.sponsorship, joined.invoice, joined.payment):
        row.refresh_from_db()
    return joined


def settled(joined: Joined) -> Joined:
    billing.settle(payment_id=joined.payment.pk)
    for row in (joined.sponsorship, joined.invoice, joined.payment):
        row.refresh_from_db()
    return joined


def entry_lines(entry: Entry) -> list[tuple[str, str, str, int]]:
    """An entry as an accountant reads it: kind, debit, credit, minor units."""
    rows = Transfer.objects.filter(entry=entry).select_related("debit_account", "credit_account").order_by("line")
    return [(row.kind, row.debit_account.code, row.credit_account.code, row.amount) for row in rows]


def in_fund(of: Project) -> int:
    account = Account.objects.get(code=f"fund:{of.slug}:USD")
    return account.credits - account.debits


def payments_of(joined: Joined) -> list[Payment]:
    return list(Payment.objects.filter(invoice__sponsorship=joined.sponsorship).order_by("pk"))
