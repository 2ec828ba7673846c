"""What a project asks for its month: the cards of its tiers, which of them leads, and how many more of it fill the month."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from funding import clock, days
from funding.components.parts import Pill, TierCard
from funding.funds.models import Project
from funding.money import Money
from funding.site.reports import kept
from funding.web import ahead
from funding.web.ahead import Question
from sponsors.sponsorships.models import Sponsorship
from sponsors.sponsorships.selectors import with_perks
from sponsors.tiers import selectors as tiers
from sponsors.tiers.models import Interval, Tier
from sponsors.tiers.selectors import Offer


@dataclass(frozen=True, slots=True)
class Group:
    """The cards of one interval, for the choice between them."""

    key: str
    name: str
    cards: list[TierCard]


@dataclass(frozen=True, slots=True)
class Prices:
    """`more` of the leading tier fill what is missing of the month; `fills` says it in words, and is empty where nothing is missing."""

    groups: list[Group]
    lead: TierCard | None
    more: int
    fills: str

    @property
    def cards(self) -> list[TierCard]:
        return [card for group in self.groups for card in group.cards]


def _by_interval(project: Project) -> list[tuple[str, str, list[Offer]]]:
    offers = tiers.published(project)
    intervals = ((Interval.MONTH, _("Monthly")), (Interval.YEAR, _("Yearly")), (Interval.ONCE, _("One time")))
    by_interval = [(key, name, [offer for offer in offers if offer.tier.interval == key]) for key, name in intervals]
    return [(key, name, found) for key, name, found in by_interval if found]


def of(project: Project, net: Money, stand: str | None) -> Prices:
    """The published tiers by interval. The middle one of the first interval leads. `net` is what reached the fund this month."""
    shown = _by_interval(project)
    if not shown:
        return Prices([], None, 0, "")
    first = shown[0][2]
    leader = first[len(first) // 2]
    more = missing(project, net, leader.shares.net)
    pill = None
    if leader.tier.interval == Interval.MONTH:
        taken = kept.whoever_looks(stand, "taken", (leader.tier.pk, clock.today()), lambda: sum(ahead.rows(_taken(leader.tier))))
        words = _("{taken} taken, {more} open") if more else _("{taken} taken")
        pill = Pill(words.format(taken=taken, more=more), "pen")
    groups = []
    for key, name, found in shown:
        drawn = [offer.card(url=reverse("billing:join", args=[project.slug, offer.tier.pk]), first=offer is leader) for offer in found]
        groups.append(Group(key, name, [replace(card, pill=pill) if card.first else card for card in drawn]))
    lead = next(card for card in groups[0].cards if card.first)
    return Prices(groups, lead, more, _("{count} more of “{tier}”").format(count=more, tier=leader.tier.name) if more else "")


def questions(project: Project) -> list[Question]:
    """What `of` asks when it has the tiers, for a page that looks ahead."""
    first = _by_interval(project)[:1]
    return [_taken(offers[len(offers) // 2].tier) for _interval, _name, offers in first]


def _taken(tier: Tier) -> QuerySet[Sponsorship, int]:
    have = with_perks(clock.today()).filter(tier=tier).order_by()
    return have.values("tier").annotate(n=Count("pk")).values_list("n", flat=True)


def missing(project: Project, net: Money, one: Money) -> int:
    """How many more payments that bring `one` to the fund fill the month; 0 when it is full, or when such a payment brings nothing."""
    left = days.price(project.target_half_days, project.rate) - net
    return -(-left.amount // one.amount) if left.amount > 0 and one.amount > 0 else 0
