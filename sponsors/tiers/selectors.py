"""What a project offers, with where the money goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import QuerySet, Subquery
from django.utils.translation import gettext as _

from funding.components.parts import TierCard
from funding.funds.models import Project
from funding.people.models import Host
from funding.web import ahead
from sponsors.tiers import fees
from sponsors.tiers.models import Interval, Tier


@dataclass(frozen=True, slots=True)
class Offer:
    """A tier with its estimated shares. `part_of_day` is what one payment buys at the project's day rate, exactly."""

    tier: Tier
    shares: fees.Shares
    part_of_day: Fraction

    @property
    def buys(self) -> str:
        """`One fifth of a day`, `About 1/34 of a day`."""
        return fees.day_words(self.part_of_day)

    @property
    def buys_note(self) -> str:
        """`a month, 2.4 days over a year`; nothing for a one-time payment."""
        if self.tier.interval == Interval.ONCE:
            return _("one time")
        if self.tier.interval == Interval.YEAR:
            return _("a year")
        return _("a month, {days} over a year").format(days=fees.day_words(self.part_of_day * 12, start=False))

    def card(self, *, url: str, first: bool = False) -> TierCard:
        """What `{% tier_card %}` draws. `first` marks the one that the page leads with."""
        tier = self.tier
        short = tier.price.short
        return TierCard(
            key=str(tier.pk),
            name=tier.name,
            price=short,
            period=tier.period_words,
            url=url,
            action=_("Sponsor for {price} {period}").format(price=short, period=tier.period_words),
            buys=self.buys,
            buys_note=self.buys_note,
            share=min(100, round(self.part_of_day * 100)),
            lines=([tier.description] if tier.description else []) + tier.benefit_lines,
            fees=self.shares.lines,
            fees_title=_("Where {price} goes").format(price=tier.price),
            first=first,
        )


def offers(tiers: Iterable[Tier], basis_points: int | None = None) -> list[Offer]:
    """Each tier with its shares. The tiers' projects should be selected with them, and the host's share told where it is known."""
    if basis_points is None:
        host = Host.get()
        basis_points = host.fee_basis_points if host else 0
    found = []
    for tier in tiers:
        shares = fees.estimate(tier.price, basis_points)
        found.append(Offer(tier, shares, fees.part_of_day(shares.net, tier.project.rate)))
    return found


def published(project: Project) -> list[Offer]:
    """What a new sponsor can take now, in the project's order. None while the project is not open. One query."""
    if project.state != Project.State.OPEN:
        return []
    rows = ahead.rows(of_project(project))
    return offers(rows, rows[0].host_share or 0) if rows else []


def of_project(project: Project) -> QuerySet[Any]:
    """What `published` asks, for a page that looks ahead: tiers, each with the host's share."""
    share = Subquery(Host.objects.order_by("pk").values("fee_basis_points")[:1])
    return on_offer().filter(project=project).annotate(host_share=share)


def open_projects() -> list[tuple[Project, list[Offer]]]:
    """Every open project that offers something, by name, with its offers. Two queries."""
    grouped: dict[Project, list[Offer]] = {}
    for offer in offers(on_offer().order_by("project__name", "position", "amount", "pk")):
        grouped.setdefault(offer.tier.project, []).append(offer)
    return list(grouped.items())


def desk(project: Project) -> list[Offer]:
    """All tiers of a project for those who write them: drafts first, then published, then retired."""
    order = {Tier.State.DRAFT: 0, Tier.State.PUBLISHED: 1, Tier.State.RETIRED: 2}
    tiers = Tier.objects.filter(project=project).select_related("project")
    return offers(sorted(tiers, key=lambda tier: order[Tier.State(tier.state)]))


def on_offer() -> QuerySet[Tier]:
    """Published tiers of open projects."""
    open_ones = Tier.objects.filter(state=Tier.State.PUBLISHED, project__state=Project.State.OPEN)
    return open_ones.select_related("project")
