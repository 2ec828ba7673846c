"""The story an accountant can read: the committee funds ten days, three are worked and approved, two treasurers pay them."""

from __future__ import annotations

import datetime as dt

import pytest

from funding import clock
from funding.ledger import checks
from funding.ledger import services as ledger
from funding.ledger.models import Account, Entry, Transfer
from funding.ledger.selectors import balances
from funding.money import Money
from funding.people.roles import Role
from grants.engagements.models import Engagement
from grants.payouts import executing, services
from grants.timesheets import services as timesheets
from tests.funding.payments.standin import StandIn
from tests.grants import builders as grants
from tests.grants.payouts import builders

pytestmark = pytest.mark.django_db

DECIDED = dt.datetime(2026, 10, 1, 9, 0, tzinfo=dt.UTC)
PAID = dt.datetime(2026, 10, 30, 9, 0, tzinfo=dt.UTC)


def test_from_the_vote_to_the_payees_account(stripe_stand_in: StandIn) -> None:
    with clock.at(DECIDED):
        sitting = grants.ready(money=500000)
        lead = grants.holder(Role.MAINTAINER, sitting.project.subject, name="Lead Person")
        sitting.determine()
        engagement = Engagement.objects.get(proposal=sitting.proposal)
    assert (engagement.cap_half_days, engagement.cap, engagement.starts_on) == (20, Money(459000, "USD"), DECIDED.date())
    assert str(ledger.account("fund:quillon:USD").available) == "$410.00"

    with clock.at(PAID):
        cells = [(dt.date(2026, 10, day), slot) for day in (12, 13, 14) for slot in ("am", "pm")]
        entries = timesheets.log(actor=sitting.applicant, engagement=engagement, cells=cells, note="Sort the links")
        timesheets.approve(actor=lead, engagement=engagement, entries=[entry.pk for entry in entries])
        builders.onboarded(engagement.payee, sitting.applicant, stripe_stand_in, balance=Money(500000, "USD"))
        maker, checker = (grants.holder(Role.TREASURER, name=name) for name in ("Tora Maker", "Ivar Checker"))
        run = services.prepare(actor=maker, currency="USD", up_to=dt.date(2026, 10, 30))
        services.release(actor=checker, run=run, control_total=run.control_total, withheld=0)
        assert [payout.state for payout in executing.execute_due().payouts] == ["confirmed"]

    assert journal() == [
        "contribution    cash:stripe:USD  from clearing:USD          $5,000.00",
        "contribution    clearing:USD     from fund:quillon:USD      $5,000.00",
        *["payout_sent     fund:quillon:USD from owed:payouts:USD      $229.50"] * 6,
        *["payout_confirmed owed:payouts:USD from cash:stripe:USD       $229.50"] * 6,
    ]
    held = {balance.account.code: str(balance.amount) for balance in balances(Account.objects.all()).values()}
    assert held == {
        "cash:stripe:USD": "$3,623.00",
        "clearing:USD": "$0.00",
        "fund:quillon:USD": "$3,623.00",
        "owed:payouts:USD": "$0.00",
    }
    assert str(engagement.funds.get().open) == "$3,213.00"
    assert {result.code: result.problems for result in checks.run() if result.problems} == {}


def journal() -> list[str]:
    """The ledger, printed: kind, debit, credit, sum."""
    rows = Transfer.objects.filter(entry__in=Entry.objects.all()).select_related("entry", "debit_account", "credit_account")
    return [
        f"{row.entry.kind:<15} {row.debit_account.code:<16} from {row.credit_account.code:<21} {row.money}"
        for row in rows.order_by("entry_id", "line")
    ]
