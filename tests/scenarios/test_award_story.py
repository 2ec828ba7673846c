"""An award of $150,000 over two projects, in three tranches, spent to the last cent on four people at four rates.

The Alder Foundation gives it for safer parsers in Quillon and Harrow: 127,500 for engineering, 22,500 for documentation. Tranche 1
(60,000) comes on signature. Tranche 2 (50,000) arrives before its condition is met and is owed until two people say so. Tranche 3
(40,000) comes on the second report. Seven proposals of the same call ask for it:

    tranche 1   Marit   Quillon  30 days at 900   27,000    engineering
                Wren    Harrow   30 days at 800   24,000    engineering
    tranche 2   Inger   Quillon  30 days at 750   22,500    documentation
                Oskar   Harrow   30 days at 850   25,500    engineering
                Inger   Tern     10 days at 750    7,500    refused: Tern is outside the award's purpose
    tranche 3   Marit   Harrow   30 days at 900   27,000    engineering
                Wren    Quillon  30 days at 800   24,000    engineering

The money goes from the bank to the processor before each of three payout runs; the last one is released on the day of the closeout.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import defaultdict
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from funding import clock
from funding.errors import Refused
from funding.funds import provenance, sources
from funding.funds.models import Fund, Project
from funding.ledger.models import Transfer
from funding.money import Money
from funding.payments import cash, reconciliation, topups
from funding.people.models import User
from funding.people.roles import Role
from grants.awards import selectors, services, tranches
from grants.awards.models import Award, Tranche
from grants.awards.services import LineTerms, Terms, TrancheTerms
from grants.committee import counting
from grants.committee import services as committees
from grants.committee.models import Determination, Panel
from grants.engagements.models import Engagement
from grants.payouts import executing
from grants.payouts import services as payouts
from grants.proposals import services as proposals
from grants.proposals.models import Call
from grants.timesheets import services as timesheets
from grants.timesheets.models import WorkEntry
from tests.funding.payments.standin import StandIn
from tests.grants import builders as work
from tests.grants.payouts.builders import onboarded
from tests.scenarios import books

pytestmark = pytest.mark.django_db

VISITOR = AnonymousUser()
RATES = {"Marit Solheim": 90_000, "Wren Okafor": 80_000, "Inger Dahl": 75_000, "Oskar Lund": 85_000}
WHOLE, REPORT = 15_000_000, "The first report is accepted"
CLOSEOUT = dt.date(2026, 9, 30)


def usd(units: int) -> Money:
    return Money(units, "USD")


def on(month: int, day: int) -> dt.datetime:
    return dt.datetime(2026, month, day, 9, tzinfo=dt.UTC)


@dataclass
class Cast:
    """Who does what. `people` are the contributors by name."""

    maker: User
    checker: User
    members: list[User]
    leads: dict[str, User]
    people: dict[str, User]
    projects: dict[str, Project]


def test_an_award_from_its_first_tranche_to_its_last_paid_day(stripe_stand_in: StandIn) -> None:
    with clock.at(on(1, 5)):
        cast = assembled(stripe_stand_in)
        award = signed(cast)
        fund = Fund.objects.get(slug="award-alder")
        call = work.call([fund], max_rate=100_000)
        booked(cast, award, 1, "DNB 4411", on(1, 5).date())
        assert held(fund) == 6_000_000
        marit = funded(cast, call, "Marit Solheim", "quillon", "Engineering")
        wren = funded(cast, call, "Wren Okafor", "harrow", "Engineering")
        assert held(fund) == 900_000
    worked(cast, marit, on(2, 16))
    worked(cast, wren, on(2, 16))
    paid(cast, stripe_stand_in, on(3, 2), 5_100_000)

    with clock.at(on(3, 10)):
        early = booked(cast, award, 2, "DNB 5102", on(3, 9).date())
        assert (early.state, owed(award), held(fund)) == (Tranche.State.HELD, 5_000_000, 900_000)
        tranches.claim(actor=cast.maker, tranche=early, words="Their letter of 10 March")
        tranches.decide(actor=cast.checker, tranche=early, met=True)
        assert (owed(award), held(fund)) == (0, 5_900_000)
        inger = funded(cast, call, "Inger Dahl", "quillon", "Documentation")
        oskar = funded(cast, call, "Oskar Lund", "harrow", "Engineering")
        refused_for_its_purpose(cast, call)
    worked(cast, inger, on(4, 20))
    worked(cast, oskar, on(4, 20))
    paid(cast, stripe_stand_in, on(5, 4), 4_800_000)

    with clock.at(on(6, 1)):
        booked(cast, award, 3, "DNB 6120", on(6, 1).date())
        again = funded(cast, call, "Marit Solheim", "harrow", "Engineering")
        last = funded(cast, call, "Wren Okafor", "quillon", "Engineering")
        assert held(fund) == 0
    worked(cast, again, on(7, 13))
    worked(cast, last, on(7, 13))
    paid(cast, stripe_stand_in, dt.datetime.combine(CLOSEOUT, dt.time(23), dt.UTC), 5_100_000)

    print(books.journal(folded=True))
    with clock.at(on(10, 1)):
        figures = selectors.figures(award)
        assert [sum_.amount for sum_ in (figures.arrived, figures.received, figures.spent, figures.reserved, figures.left)] == [
            WHOLE, WHOLE, WHOLE, 0, 0,
        ]  # fmt: skip
        report_of(award)
        provenance_of(fund)
        assert [balance.amount for balance in cash.held("USD")] == [0, 0]
        run = reconciliation.reconcile(grace=dt.timedelta())
        assert (run.opened, run.matched > 0) == (0, True)
        services.move(actor=cast.maker, award=award, to=Award.State.CLOSED, words="Spent, and the last report is sent")
        assert "The books hold" in books.verified()


def assembled(stand_in: StandIn) -> Cast:
    """Everybody, three projects, and contributors who can be paid."""
    projects = {slug: work.project(slug) for slug in ("quillon", "harrow", "tern")}
    _, members = work.committee()
    people = {name: work.user(name) for name in RATES}
    cast = Cast(
        maker=work.holder(Role.TREASURER, name="Tora Maker"),
        checker=work.holder(Role.TREASURER, name="Ivar Checker"),
        members=members,
        leads={slug: work.holder(Role.MAINTAINER, it.subject, name=f"Lead of {it.name}") for slug, it in projects.items()},
        people=people,
        projects=projects,
    )
    for name, person in people.items():
        work.rate(person, usd(RATES[name]))
        onboarded(work.own_party(person), person, stand_in)
    return cast


def signed(cast: Cast) -> Award:
    terms = Terms(
        title="Alder 24-117: safer parsers",
        number="24-117",
        grantor="Alder Foundation",
        unnamed=False,
        amount=usd(WHOLE),
        purpose="Parsers in Quillon and Harrow that cannot be crashed by their input",
        projects=[cast.projects["quillon"], cast.projects["harrow"]],
        starts_on=dt.date(2026, 1, 1),
        ends_on=dt.date(2026, 8, 31),
        closeout_on=CLOSEOUT,
        lines=[LineTerms("Engineering", usd(12_750_000)), LineTerms("Documentation", usd(2_250_000))],
        tranches=[
            TrancheTerms(dt.date(2026, 1, 5), usd(6_000_000), "Signature"),
            TrancheTerms(dt.date(2026, 3, 15), usd(5_000_000), "First report", REPORT),
            TrancheTerms(dt.date(2026, 6, 1), usd(4_000_000), "Second report"),
        ],
    )
    award = services.create(actor=cast.maker, slug="alder", terms=terms)
    services.move(actor=cast.maker, award=award, to=Award.State.APPLIED, words="")
    services.move(actor=cast.maker, award=award, to=Award.State.AGREED, words="Signed copy in the safe")
    services.activate(actor=cast.checker, award=award, version=Award.objects.get(pk=award.pk).version)
    return Award.objects.select_related("fund__account", "grantor").get(pk=award.pk)


def booked(cast: Cast, award: Award, number: int, reference: str, day: dt.date) -> Tranche:
    tranche = award.tranches.get(position=number - 1)
    return tranches.book(
        actor=cast.maker, tranche=tranche, amount=tranche.money, arrived_on=day, bank_reference=reference, evidence=f"Statement of {day}"
    )


def sitting(cast: Cast, call: Call, name: str, slug: str, half_days: int = 60) -> work.Sitting:
    """A proposal that the committee votes for."""
    person, project = cast.people[name], cast.projects[slug]
    content = proposals.Content(project, None, f"{name} on {slug}", "We would.", "A parser.", half_days)
    proposal = proposals.submit(actor=person, proposal=proposals.start_draft(actor=person, call=call, content=content))
    panel = Panel.objects.select_related("committee", "proposal").get(proposal=proposal)
    made = work.Sitting(project, call, person, proposal, panel, cast.members)
    made.clear()
    made.review(*cast.members[:2])
    made.vote("fffaa")
    return made


def decide(it: work.Sitting, line: str) -> Determination:
    lines = [Fund.objects.get(slug="award-alder").lines.get(name=line)]
    seen = counting.sheet(it.panel, also_recused=committees.excluded_now(it.panel)).mark
    return committees.determine(actor=it.chair, panel=it.panel, reasons="The plan is clear.", seen=seen, lines=lines)


def funded(cast: Cast, call: Call, name: str, slug: str, line: str) -> Engagement:
    made = sitting(cast, call, name, slug)
    determination = decide(made, line)
    assert (determination.outcome, determination.amount) == ("funded", RATES[name] * 30)
    return Engagement.objects.get(proposal=made.proposal)


def refused_for_its_purpose(cast: Cast, call: Call) -> None:
    """The votes carry and there is money enough; Tern is not what the grantor gave it for."""
    tern = sitting(cast, call, "Inger Dahl", "tern", half_days=20)
    with pytest.raises(Refused) as refusal:
        decide(tern, "Documentation")
    assert refusal.value.rule == "purpose"
    assert "Alder 24-117: safer parsers is for work on Harrow and Quillon only, and this is work on Tern." in refusal.value.message
    proposals.withdraw(actor=tern.applicant, proposal=tern.proposal)


def worked(cast: Cast, engagement: Engagement, moment: dt.datetime) -> None:
    """Thirty days that end on that day, logged and approved."""
    with clock.at(moment):
        first = moment.date() - dt.timedelta(days=29)
        cells = [(first + dt.timedelta(days=day), slot) for day in range(30) for slot in WorkEntry.Slot.values]
        entries = timesheets.log(actor=engagement.worker, engagement=engagement, cells=cells, note="Made the reader safe")
        lead = cast.leads[engagement.project.slug]
        timesheets.approve(actor=lead, engagement=engagement, entries=[entry.pk for entry in entries])


def paid(cast: Cast, stand_in: StandIn, moment: dt.datetime, units: int) -> None:
    """The sum goes from the bank to the processor, and two treasurers pay it out."""
    with clock.at(moment):
        topups.send(pk=topups.ask(actor=cast.maker, amount=usd(units)).pk)
        run = payouts.prepare(actor=cast.maker, currency="USD", up_to=moment.date())
        assert run.control_total == units
        payouts.release(actor=cast.checker, run=run, control_total=run.control_total, withheld=0)
        assert {payout.state for payout in executing.execute_due().payouts} == {"confirmed"}


def held(fund: Fund) -> int:
    return work.available(fund)


def owed(award: Award) -> int:
    return selectors.figures(award).held.amount


def report_of(award: Award) -> None:
    """What the grantor reads: the figures of the story, and with an earlier day those of that day."""
    rows = list(csv.DictReader(io.StringIO(Client().get("/awards/alder/report.csv").content.decode())))
    budget = {(row["line"], row["what"]): row["amount"] for row in rows if row["section"] == "budget"}
    assert budget == {
        ("Engineering", "Budget"): "127500.00", ("Engineering", "Reserved"): "0.00", ("Engineering", "Spent"): "127500.00",
        ("Engineering", "Left"): "0.00", ("Documentation", "Budget"): "22500.00", ("Documentation", "Reserved"): "0.00",
        ("Documentation", "Spent"): "22500.00", ("Documentation", "Left"): "0.00",
    }  # fmt: skip
    spent: dict[str, float] = defaultdict(float)
    for row in rows:
        if row["section"] == "spent":
            spent[row["detail"]] += float(row["amount"])
    assert dict(spent) == {"Quillon": 27_000 + 22_500 + 24_000, "Harrow": 24_000 + 25_500 + 27_000}
    assert len([row for row in rows if row["section"] == "spent"]) == 360
    in_april = selectors.figures(award, until=dt.date(2026, 4, 1))
    assert [sum_.amount for sum_ in (in_april.received, in_april.spent, in_april.reserved, in_april.left)] == [
        11_000_000, 5_100_000, 4_800_000, 1_100_000,
    ]  # fmt: skip


def provenance_of(fund: Fund) -> None:
    """Each paid half day says which tranche of the grantor paid it, to the cent, and the tranches come up to what was paid."""
    outflows = list(Transfer.objects.filter(debit_account=fund.account_id, kind="payout_sent"))
    origins = provenance.origins(row.pk for row in outflows)
    refs = {share.about for shares in origins.values() for share in shares if share.about}
    labels = sources.describe(refs, VISITOR)
    by_tranche: dict[str, int] = defaultdict(int)
    for row in outflows:
        assert sum(share.amount for share in origins[row.pk]) == row.amount
        for share in origins[row.pk]:
            by_tranche[labels[share.about or ("", 0)].text] += share.amount
    name = "Alder Foundation, award 24-117"
    assert dict(by_tranche) == {f"{name}, tranche 1": 6_000_000, f"{name}, tranche 2": 5_000_000, f"{name}, tranche 3": 4_000_000}
