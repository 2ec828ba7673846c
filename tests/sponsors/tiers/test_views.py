from __future__ import annotations

import pytest
from django.test import Client

from sponsors.tiers.models import Tier
from tests.funding import builders as people
from tests.sponsors import builders

pytestmark = pytest.mark.django_db
FORM = {
    "name": "Seat",
    "amount": "100",
    "interval": "month",
    "audience": "anyone",
    "description": "",
    "benefits": "One\nTwo",
    "position": "0",
}


def test_a_maintainer_writes_edits_publishes_and_retires() -> None:
    project = builders.project()
    desk = people.browser(builders.maintainer(project))
    root = f"/projects/{project.slug}/tiers/"
    assert "No tiers yet" in desk.get(root).text
    assert desk.post(f"{root}new/", FORM).url == root
    tier = Tier.objects.get()
    assert (tier.amount, tier.benefit_lines, tier.state) == (10_000, ["One", "Two"], "draft")
    assert 'value="100.00"' in desk.get(f"{root}{tier.pk}/edit/").text
    desk.post(f"{root}{tier.pk}/edit/", {**FORM, "amount": "1,250.50", "version": "1"})
    stale = desk.post(f"{root}{tier.pk}/edit/", {**FORM, "amount": "1", "version": "1"})
    assert stale.status_code == 409
    page = desk.get(f"{root}{tier.pk}/publish/").text
    assert "$1,250.50" in page and 'name="version" value="2"' in page
    assert desk.post(f"{root}{tier.pk}/publish/", {"version": "1"}).status_code == 409
    assert desk.post(f"{root}{tier.pk}/publish/", {"version": "2"}).status_code == 302
    assert desk.post(f"{root}{tier.pk}/edit/", {**FORM, "version": "2"}).status_code == 409
    assert desk.post(f"{root}{tier.pk}/retire/", {}).status_code == 302
    tier.refresh_from_db()
    assert (tier.amount, tier.state) == (125_050, "retired")
    assert "Kept for whoever has it" in desk.get(root).text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"amount": "-5"}, "above zero"),
        ({"amount": "0.001"}, "decimal places"),
        ({"amount": "1" + "0" * 20}, "too large"),
        ({"amount": "ten"}, "in figures"),
        ({"amount": "0.50"}, "between"),
        ({"benefits": "x" * 2_000_000}, "at most 500"),
        ({"benefits": "a\nb\nc\nd\ne"}, "at most 4 lines"),
        ({"position": "-1"}, "0"),
    ],
)
def test_bad_input_is_explained_and_kept(change: dict[str, str], words: str) -> None:
    project = builders.project()
    answer = people.browser(builders.maintainer(project)).post(f"/projects/{project.slug}/tiers/new/", {**FORM, **change})
    assert answer.status_code == 422
    assert words in answer.text and 'value="Seat"' in answer.text
    assert not Tier.objects.exists()


def test_others_see_the_rule_and_visitors_sign_in(client: Client) -> None:
    tier = builders.tier(published=False)
    root = f"/projects/{tier.project.slug}/tiers/"
    for path in (root, f"{root}new/", f"{root}{tier.pk}/edit/", f"{root}{tier.pk}/publish/", f"{root}{tier.pk}/retire/"):
        assert people.browser(people.user()).get(path).status_code == 403
        assert client.get(path).status_code == 302
    maintainer = people.browser(builders.maintainer(tier.project))
    assert maintainer.get("/projects/none/tiers/").status_code == 404
    assert maintainer.get(f"{root}999/edit/").status_code == 404
