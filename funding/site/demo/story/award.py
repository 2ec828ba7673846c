"""A grant of a foundation in three tranches, two of which have arrived; the third waits for a report."""

from __future__ import annotations

from functools import partial

from funding import clock
from funding.funds.models import Project
from funding.site.demo.story.cast import user
from funding.site.demo.story.founding import dollars
from funding.site.demo.story.scene import Scene
from funding.site.demo.story.when import MONTHS, Times, on
from grants.awards import services as awards
from grants.awards import tranches
from grants.awards.models import Award, Tranche

SLUG = "steady-ground"
LINE = "Development"


def scenes() -> list[Scene]:
    return [
        Scene(on(MONTHS, 1), "The Sable Foundation agrees an award of $32,000", agree),
        Scene(on(5, 12), "Its first tranche arrives: $8,000", partial(receive, 0, 8_000, "SBL-40117")),
        Scene(on(1, 10), "The second tranche arrives: $12,000", partial(receive, 1, 12_000, "SBL-40892")),
    ]


def agree() -> None:
    award = Award.objects.filter(slug=SLUG).first()
    if award is None:
        award = awards.create(actor=user("solveig"), slug=SLUG, terms=_terms())
    if award.state == Award.State.DRAFT:
        award = awards.move(actor=user("solveig"), award=award, to=Award.State.AGREED, words="Signed agreement SF-2231")
    if award.state == Award.State.AGREED:
        awards.activate(actor=user("mateus"), award=award, version=award.version)


def receive(position: int, amount: int, reference: str) -> None:
    tranche = Tranche.objects.get(award__slug=SLUG, position=position)
    if tranche.state == Tranche.State.SCHEDULED:
        tranches.book(
            actor=user("solveig"),
            tranche=tranche,
            amount=dollars(amount),
            arrived_on=clock.today(),
            bank_reference=reference,
            evidence=f"Bank statement, line {reference}",
        )


def _terms() -> awards.Terms:
    times = Times(clock.today())
    return awards.Terms(
        title="Steady ground",
        number="SF-2231",
        grantor="Sable Foundation",
        unnamed=False,
        amount=dollars(32_000),
        purpose="Maintenance and security of Quillon",
        projects=[Project.objects.get(slug="quillon")],
        starts_on=clock.today(),
        ends_on=on(-14, 31)(times),
        closeout_on=on(-16, 31)(times),
        lines=[awards.LineTerms(LINE, dollars(28_000)), awards.LineTerms("Audit and report", dollars(4_000))],
        tranches=[
            awards.TrancheTerms(on(-2, 10)(times), dollars(8_000), "When the work begins"),
            awards.TrancheTerms(on(-6, 10)(times), dollars(12_000), "Six months later"),
            awards.TrancheTerms(on(-9, 10)(times), dollars(12_000), "After the interim report", "The interim report is accepted"),
        ],
    )
