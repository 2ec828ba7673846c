"""A cent's way: three seats of $100.00, a month apart and again; one day of work at $459.00; whose money paid which half.

Each seat costs $3.20 at the card and $5.00 at the host, so $91.80 reaches the fund: one fifth of a day. In October three
companies join, in November their cards are charged again without them: 6 × $91.80 = $550.80. The committee funds one
day, $459.00 is reserved, $91.80 stays free. Half a day is $229.50, two and a half seats, and the oldest money goes first.
"""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from funding import clock
from funding.components.parts import Link
from funding.funds import services as funds
from funding.ledger.models import Transfer
from funding.money import Money
from funding.people.models import User
from funding.site.pages import trail
from funding.site.reports import month, tables
from grants.committee import counting
from grants.committee import services as committees
from grants.committee.models import Panel
from grants.engagements.models import Engagement
from grants.payouts import services as payouts
from grants.payouts.executing import execute_due
from grants.payouts.models import Payout
from grants.timesheets import services as timesheets
from grants.timesheets.models import WorkEntry
from sponsors.billing import services as billing
from sponsors.invoices.models import Payment
from tests.funding import builders as people
from tests.funding.payments.standin import StandIn
from tests.grants import builders as work
from tests.grants.payouts.builders import onboarded
from tests.scenarios import books
from tests.sponsors import builders as money_in

pytestmark = pytest.mark.django_db(transaction=True)

COMPANIES = ("Aldermoor Labs", "Bracken & Lowe Ltd", "Corvid Freight")
OCTOBER = dt.datetime(2026, 10, 5, 9, tzinfo=dt.UTC)
NOVEMBER = dt.datetime(2026, 11, 5, 9, tzinfo=dt.UTC)
WORKDAY = dt.datetime(2026, 11, 11, 17, tzinfo=dt.UTC)
PAYDAY = dt.datetime(2026, 11, 30, 9, tzinfo=dt.UTC)
VISITOR = AnonymousUser()


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def parts(item: month.Worked) -> list[tuple[str, str]]:
    return [(payer.label.text, payer.amount.figures) for payer in item.payers]


def test_a_cents_way(stripe_stand_in: StandIn) -> None:
    with clock.at(OCTOBER):
        project = money_in.project()
        seat = money_in.tier(project, 10_000)
        for name in COMPANIES:
            money_in.sponsor(stripe_stand_in, seat, kind="organisation", name=name, country="NO", email=f"{name[:3].lower()}@example.org")
        assert money_in.in_fund(project) == 3 * 91_80

    with clock.at(NOVEMBER):
        run = billing.run_billing()
        assert Payment.objects.filter(state=Payment.State.BOOKED).count() == 6, run
        assert money_in.in_fund(project) == 6 * 91_80 == 550_80
        fund = funds.project_fund(project)
        _, members = work.committee()
        wren = people.user("Wren Okafor")
        proposal = work.submitted(work.call([fund]), project, wren, half_days=2)
        panel = Panel.objects.select_related("committee", "proposal").get(proposal=proposal)
        decide(panel, members)
        assert work.available(fund) == 91_80

    with clock.at(WORKDAY):
        engagement = Engagement.objects.get(proposal=proposal)
        cells = [(WORKDAY.date(), slot) for slot in WorkEntry.Slot.values]
        entries = timesheets.log(actor=wren, engagement=engagement, cells=cells, note="Fixed the chunk reader overflow")
        lead = money_in.maintainer(project)
        timesheets.approve(actor=lead, engagement=engagement, entries=[entry.pk for entry in entries])

    with clock.at(PAYDAY):
        maker, checker = people.holder("treasurer", name="Tove Maker"), people.holder("treasurer", name="Tim Checker")
        onboarded(engagement.payee, wren, stripe_stand_in)
        batch = payouts.prepare(actor=maker, currency="USD", up_to=clock.today())
        payouts.release(actor=checker, run=batch, control_total=batch.control_total, withheld=0)
        execute_due()
        payout = Payout.objects.get(run=batch)
        assert (payout.state, payout.money) == (Payout.State.CONFIRMED, usd("459.00"))
        report = month.of(project, clock.today(), VISITOR)

    print(books.journal())
    morning, afternoon = report.work
    assert parts(morning) == [("Aldermoor Labs", "91.80"), ("Bracken & Lowe Ltd", "91.80"), ("Corvid Freight", "45.90")]
    assert parts(afternoon) == [("Corvid Freight", "45.90"), ("Aldermoor Labs", "91.80"), ("Bracken & Lowe Ltd", "91.80")]
    assert dict(tables.account(report)) == {
        "In the fund when the month began": usd("275.40"),
        "Paid in by sponsors": usd("300.00"),
        "Card fees": -usd("9.60"),
        "Host's share": -usd("15.00"),
        "Paid for work": -usd("459.00"),
        "In the fund when the month ended": usd("91.80"),
        "Reserved for agreed work": usd("0.00"),
    }
    assert report.left == usd("91.80")
    assert "paid_by,2026-11-11,Fixed the chunk reader overflow,Corvid Freight,,45.90,USD" in tables.as_csv(report)

    first, last = Payment.objects.order_by("pk").first(), Payment.objects.order_by("pk").last()
    assert first is not None and last is not None
    spent, waiting = trail.of(first.ref, VISITOR), trail.of(last.ref, VISITOR)
    assert spent is not None and waiting is not None
    assert (spent.gross, spent.card_fee, spent.host_fee, spent.pooled) == (usd("100.00"), usd("3.20"), usd("5.00"), usd("91.80"))
    assert [(day.work.entry.when, day.amount) for day in spent.days] == [("Wed 11 Nov 2026, morning", usd("91.80"))]
    assert (waiting.days, waiting.unspent) == ((), usd("91.80"))

    paid_in = f"/books/entries/{payout.confirmed_entry_id}/"
    assert (morning.sent_entry, morning.paid_entry) == (payout.sent_entry_id, payout.confirmed_entry_id), "owed in one, paid in another"
    assert spent.stations[-1].reference == Link(f"Entry {payout.confirmed_entry_id}", paid_in)
    with clock.at(PAYDAY):
        whose_money_stands_on_every_page(wren, payout, entries[0].ref, paid_in)

    assert sum(row.amount for row in Transfer.objects.filter(kind="payout_sent")) == 459_00
    assert "The books hold" in books.verified()


def whose_money_stands_on_every_page(worker: User, payout: Payout, day: str, paid_in: str) -> None:
    def page(address: str, client: Client) -> str:
        answer = client.get(address)
        assert answer.status_code == 200, address
        return answer.text

    own, visitor, month_ = people.browser(worker), Client(), "/reports/quillon/2026-11/"
    for found in (page(payout.get_absolute_url(), own), page(f"/days/{day}/", own)):
        assert f'href="{month_}"' in found and 'Aldermoor Labs</a> $91.80, <a href="/books/payments/' in found
    report = page(month_, visitor)
    assert "Corvid Freight</a> $45.90" in report and f'href="{paid_in}"' in report
    assert "½ day paid for, 0 worked" in page("/reports/quillon/2026-10/", visitor)
    log = " ".join(re.sub(r"<[^>]+>", " ", page("/projects/quillon/work/", visitor)).split())
    assert "Aldermoor Labs $91.80, Bracken &amp; Lowe Ltd $91.80, Corvid Freight $91.80, Aldermoor Labs $91.80" in log
    assert "$459.00 1 Together $459.00 1" in log, "what the days cost, and not under who paid"


def decide(panel: Panel, members: list[people.User]) -> None:
    """One of five steps back, two review, three vote for it and one against; the chair publishes."""
    committees.declare(actor=members[4], panel=panel, conflict=True, because="We wrote a book together.")
    for member in members[:4]:
        committees.declare(actor=member, panel=panel, conflict=False)
    for member in members[1:3]:
        committees.save_review(
            actor=member, panel=panel, version=0, recommendation="fund", reasons="The plan is clear.", notes="", submit=True
        )
    for member in (members[0], members[3]):
        committees.excuse(actor=member, panel=panel, ground="load", reason="No time in these weeks.")
    for member, choice in zip(members[:4], ("for", "for", "for", "against"), strict=True):
        committees.vote(actor=member, panel=panel, choice=choice)
    seen = counting.sheet(panel, also_recused=committees.excluded_now(panel)).mark
    determination = committees.determine(actor=members[0], panel=panel, reasons="Two readers depend on it.", seen=seen)
    assert (determination.outcome, determination.eligible, determination.quorum) == ("funded", 4, 3)
