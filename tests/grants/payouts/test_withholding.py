"""Tax kept back from a payee: net and withheld are the payout, the work is paid in full, and whoever withheld does not release."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from funding import clock
from funding.errors import Conflict, Invalid, Refused
from funding.funds.entries import bank
from funding.ledger import checks
from funding.ledger.models import Account, Transfer
from funding.mail.models import Message
from funding.money import Money
from grants.engagements.models import Engagement
from grants.payouts import executing, services, withholding
from grants.payouts.models import Payout
from tests.funding import builders as people
from tests.funding.payments.standin import StandIn
from tests.grants.engagements import builders as work
from tests.grants.payouts import builders
from tests.scenarios import books

pytestmark = pytest.mark.django_db
RULE = "Section 50a, 15 %."


def usd(amount: int) -> Money:
    return Money(amount, "USD")


@pytest.fixture(autouse=True)
def _october() -> Iterator[None]:
    with clock.at(work.NOW):
        yield


@pytest.fixture
def desk() -> builders.Desk:
    return builders.desk()


@pytest.fixture
def payout(desk: builders.Desk, stripe_stand_in: StandIn) -> Payout:
    """Five half days of Marit's for 1,147.50, in a run that waits for release."""
    made: Engagement = work.engagement(work.user("Marit Solheim"))
    builders.approved(made, 5, desk.lead)
    builders.onboarded(made.payee, made.worker, stripe_stand_in, balance=usd(1_000_000))
    services.prepare(actor=desk.maker, currency="USD", up_to=clock.today())
    return Payout.objects.select_related("run", "payee").get()


def test_net_and_withheld_are_the_payout(desk: builders.Desk, payout: Payout) -> None:
    withholding.withhold(actor=desk.maker, payout=payout, amount=usd(172_12), reason=RULE)
    services.release(actor=desk.checker, run=payout.run, control_total=payout.run.control_total)
    sent = executing.owe(payout_id=payout.pk)
    assert (sent.outstanding, sent.sending) == (975_38, 975_38)
    assert builders.entry_lines(sent.sent_entry) == [("fund:quillon:USD", "owed:payouts:USD", 229_50)] * 5
    assert builders.entry_lines(sent.withheld_entry) == [("owed:payouts:USD", "owed:tax:USD", 172_12)]
    done = executing.execute(payout_id=payout.pk)
    assert (done.state, done.outstanding) == ("confirmed", 0)
    assert sum(row.amount for row in Transfer.objects.filter(kind="payout_confirmed")) == 975_38
    paid = bank.book_tax_paid(actor=desk.maker, amount=usd(172_12), on=clock.today(), bank_reference="T-1", reason="October.")
    print(books.journal())
    assert paid.entry is not None
    owed = Account.objects.get(code="owed:tax:USD")
    assert (owed.credits - owed.debits, owed.credits) == (0, 172_12)
    mail = Message.objects.get(kind="remittance")
    assert ("$172.12" in mail.body, "$975.38" in mail.body) == (True, True)
    assert [(result.code, result.problems) for result in checks.run() if not result.holds] == []


def test_whoever_withheld_does_not_release_and_the_page_says_what_is_withheld(desk: builders.Desk, payout: Payout) -> None:
    withholding.withhold(actor=desk.checker, payout=payout, amount=usd(100_00), reason=RULE)
    with pytest.raises(Refused) as refused:
        services.release(actor=desk.checker, run=payout.run, control_total=payout.run.control_total)
    assert refused.value.rule == "prepared"
    page = people.browser(desk.maker).get(f"/payouts/runs/{payout.run.number}/").content.decode()
    assert "$100.00 of it withheld for tax" in page


def test_a_part_is_withheld_and_never_after_the_release(desk: builders.Desk, payout: Payout) -> None:
    for amount in (payout.amount, payout.amount + 1, -1):
        with pytest.raises(Invalid):
            withholding.withhold(actor=desk.maker, payout=payout, amount=usd(amount), reason=RULE)
    withholding.withhold(actor=desk.maker, payout=payout, amount=usd(1), reason=RULE)
    assert withholding.withhold(actor=desk.maker, payout=payout, amount=usd(0), reason="A treaty.").withheld_by is None
    services.release(actor=desk.checker, run=payout.run, control_total=payout.run.control_total)
    with pytest.raises(Conflict):
        withholding.withhold(actor=desk.maker, payout=payout, amount=usd(1), reason=RULE)
