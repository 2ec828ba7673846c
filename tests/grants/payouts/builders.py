"""What tests of payouts stand on: treasurers, approved half days, and payees whose accounts the stand-in knows."""

from __future__ import annotations

from dataclasses import dataclass

from funding import clock
from funding.ledger import checks
from funding.ledger.models import Entry, Transfer
from funding.money import Money
from funding.payments import services as payments
from funding.people.models import Party, User
from grants.engagements.models import Engagement
from grants.payouts import services
from grants.payouts.models import Payout, PayoutRun
from grants.timesheets.models import WorkEntry
from tests.funding.payments.standin import StandIn
from tests.grants.engagements import builders as work


@dataclass(frozen=True)
class Desk:
    """Who prepares, who releases, and who approves the days."""

    maker: User
    checker: User
    lead: User


def desk() -> Desk:
    return Desk(
        maker=work.user("Tora Maker", "treasurer"),
        checker=work.user("Ivar Checker", "treasurer"),
        lead=work.user("Lead Person", "maintainer@project:quillon"),
    )


def approved(of: Engagement, number: int, by: User) -> list[WorkEntry]:
    entries = work.log(of, number)
    work.approve(of, entries, by)
    return entries


def able(party: Party) -> None:
    """An account that nobody will send money to in this test."""
    work.account(party)


def onboarded(party: Party, owner: User, stand_in: StandIn, *, balance: Money | None = None) -> str:
    """A real account of the stand-in that can receive, and money at the processor to pay it from."""
    party.country = "US"
    party.save(update_fields=["country"])
    payments.start_onboarding(party=party, actor=owner, return_url="https://site.example/r", refresh_url="https://site.example/f")
    account = payments.ConnectedAccount.objects.get(party=party)
    stand_in.onboard(account.account_id)
    payments.refresh_account(account_id=account.account_id)
    if balance is not None:
        stand_in.fund(balance)
    return account.account_id


def prepared(by: User) -> PayoutRun:
    return services.prepare(actor=by, currency="USD", up_to=clock.today())


def released(people: Desk) -> list[Payout]:
    """The payouts of a run that both treasurers dealt with, by payee."""
    run = prepared(people.maker)
    services.release(actor=people.checker, run=run, control_total=run.control_total, withheld=0)
    return list(run.payouts.filter(state=Payout.State.READY).order_by("payee__name"))


def entry_lines(entry: Entry | None) -> list[tuple[str, str, int]]:
    """The entry as an accountant reads it: debit, credit, minor units."""
    rows = Transfer.objects.filter(entry=entry).select_related("debit_account", "credit_account").order_by("line")
    return [(row.debit_account.code, row.credit_account.code, row.amount) for row in rows]


def problems() -> list[str]:
    return [f"{result.code} {problem}" for result in checks.run() for problem in result.problems]
