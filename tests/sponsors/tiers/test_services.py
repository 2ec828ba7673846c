from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.funds import services as funds
from funding.funds.models import Project
from sponsors.tiers import selectors, services
from sponsors.tiers.models import Tier
from tests.funding import builders as people
from tests.sponsors import builders

pytestmark = pytest.mark.django_db
EDIT = {"name": "Seat", "interval": "month", "audience": "anyone", "description": "", "benefits": "", "position": 0}


def test_a_draft_is_edited_published_and_retired_and_never_anything_else() -> None:
    draft = builders.tier(published=False)
    actor = builders.maintainer(draft.project)
    edited = services.edit_tier(actor=actor, tier=draft, version=1, price=builders.usd(20_000), **EDIT)
    with pytest.raises(Conflict):
        services.edit_tier(actor=actor, tier=draft, version=1, price=builders.usd(30_000), **EDIT)
    with pytest.raises(Conflict):
        services.publish_tier(actor=actor, tier=draft, version=1)
    published = services.publish_tier(actor=actor, tier=draft, version=edited.version)
    for act in (
        lambda: services.edit_tier(actor=actor, tier=draft, version=published.version, price=builders.usd(1_000), **EDIT),
        lambda: services.publish_tier(actor=actor, tier=draft, version=published.version),
    ):
        with pytest.raises(Conflict):
            act()
    services.retire_tier(actor=actor, tier=draft)
    with pytest.raises(Conflict):
        services.retire_tier(actor=actor, tier=draft)
    draft.refresh_from_db()
    assert (draft.state, draft.amount) == (Tier.State.RETIRED, 20_000)


@pytest.mark.parametrize("change", [{"amount": 1}, {"name": "Cheaper"}, {"benefits": "More"}, {"state": "draft"}, {"interval": "once"}])
def test_the_database_refuses_to_change_a_published_tier(change: dict[str, object]) -> None:
    tier = builders.tier()
    with pytest.raises(IntegrityError), transaction.atomic():
        Tier.objects.filter(pk=tier.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        tier.delete()
    Tier.objects.filter(pk=tier.pk).update(position=7)


def test_others_may_not_write_prices_and_the_attempt_is_logged() -> None:
    project = builders.project()
    elsewhere = builders.maintainer(builders.project("other", "Other"))
    with pytest.raises(Refused):
        builders.tier(project, actor=elsewhere)
    assert Record.objects.get(act="tiers.create").outcome == Record.REFUSED


@pytest.mark.parametrize(
    ("amount", "fields", "field"),
    [
        (99, {}, "amount"),
        (100_000_000, {}, "amount"),
        (1_000, {"benefits": "a\nb\nc\nd\ne"}, "benefits"),
        (1_000, {"interval": "week"}, "interval"),
        (1_000, {"audience": "dogs"}, "audience"),
        (1_000, {"name": " "}, "name"),
    ],
)
def test_a_tier_that_cannot_be_meant_is_refused_by_field(amount: int, fields: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        builders.tier(amount=amount, **fields)
    assert refused.value.field == field


def test_a_tier_of_which_the_fees_leave_nothing_is_refused() -> None:
    people.host(fee_basis_points=5_000)
    with pytest.raises(Invalid):
        services._check(builders.project(), builders.usd(60), "month", "anyone", "Small", "")


def test_only_open_projects_offer_and_only_what_is_published(django_assert_num_queries: object) -> None:
    project = builders.project()
    builders.tier(project, 50_000, name="Whole day")
    builders.tier(project, 1_500, name="Individual")
    builders.tier(project, published=False)
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert [offer.tier.name for offer in selectors.published(project)] == ["Individual", "Whole day"]
    with django_assert_num_queries(2):  # type: ignore[operator]
        assert [(found.slug, len(offers)) for found, offers in selectors.open_projects()] == [("quillon", 2)]
    paused = funds.set_project_state(actor=builders.maintainer(project), project=project, state=Project.State.PAUSED)
    assert selectors.published(paused) == [] == selectors.open_projects()


def test_a_card_says_what_it_buys() -> None:
    card = selectors.offers([builders.tier(description="A seat.", benefits="One\nTwo")])[0].card(url="/x/")
    assert (card.price, card.period, card.buys, card.share) == ("$100", "a month", "One fifth of a day", 20)
    assert card.buys_note == "a month, about 2.4 days over a year"
    assert card.lines == ["A seat.", "One", "Two"]
