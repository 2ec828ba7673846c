"""Every sample draws, and every tag has one. The addresses are there in the demo only."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from funding.components.samples import SAMPLES
from funding.components.samples.shape import Variant
from funding.components.tags import cards, charts, chrome, forms, meter

CASES = [(sample.slug, variant) for sample in SAMPLES.values() for variant in sample.variants]
PART_OF_ALL = {"icon", "crumbs", "title_error", "host", "printed"}
"""Tags that pages show around their content."""


@pytest.mark.parametrize(("slug", "variant"), CASES, ids=[f"{slug}: {variant.title}" for slug, variant in CASES])
def test_a_variant_draws_something(slug: str, variant: Variant) -> None:
    html = variant.drawn
    assert html.strip()
    assert "{%" not in html
    assert " style=" not in html


def test_every_tag_that_draws_has_a_sample() -> None:
    shown = {tag for _, variant in CASES for tag in re.findall(r"{% (\w+)", variant.source)}
    drawn = {name for module in (cards, charts, chrome, forms, meter) for name in module.register.tags}
    assert drawn - shown <= PART_OF_ALL


@pytest.mark.django_db
@pytest.mark.urls("tests.funding.components.addresses")
class TestPages:
    def test_the_index_leads_to_each(self, client: Client) -> None:
        page = client.get("/components/").content.decode()
        for slug in SAMPLES:
            assert f'href="/components/{slug}/"' in page

    @pytest.mark.parametrize("slug", SAMPLES)
    def test_a_page_shows_what_it_draws_and_how(self, client: Client, slug: str) -> None:
        page = client.get(f"/components/{slug}/").content.decode()
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        assert page.count("<h1") == 1
        assert page.count('class="case"') == len(SAMPLES[slug].variants)

    def test_the_confirm_page_is_a_page(self, client: Client) -> None:
        page = client.get("/components/confirm/page/")
        assert "Approve $18,360.00 to 6 people" in page.content.decode()
        assert client.get("/components/pill/page/").status_code == 404
        assert client.get("/components/nothing/").status_code == 404


@pytest.mark.django_db
def test_without_the_demo_there_is_no_such_page(client: Client) -> None:
    assert client.get("/components/").status_code == 404
