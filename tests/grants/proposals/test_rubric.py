"""A call's criteria: weights that sum to 100, anchors for each step, fixed once the call is open."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funding.errors import Conflict, Invalid, Refused
from grants.proposals import rubrics, services
from grants.proposals.models import Call, Criterion
from tests.grants import builders
from tests.grants.builders import browser

pytestmark = pytest.mark.django_db
ONE = rubrics.Terms("Use", "Who gains", 100, ("a", "b", "c", "d", "e", "f"))


def draft_call() -> Call:
    builders.project()
    builders.committee()
    return builders.call([builders.general_fund()], state=Call.State.DRAFT)


@pytest.mark.parametrize("name", rubrics.PRESETS)
def test_presets_hold_and_are_kept(name: str) -> None:
    call = draft_call()
    terms = rubrics.PRESETS[name][1]
    services.set_rubric(actor=builders.admin(), call=call, version=call.version, criteria=terms)
    assert sum(Criterion.objects.values_list("weight", flat=True)) == 100
    assert [row.name for row in call.criteria.all()] == [item.name for item in terms]


@settings(deadline=None)
@given(st.lists(st.integers(1, 100), min_size=1, max_size=8))
def test_weights_sum_to_one_hundred_or_are_refused(weights: list[int]) -> None:
    terms = [replace(ONE, name=f"Criterion {index}", weight=weight) for index, weight in enumerate(weights)]
    if sum(weights) == 100:
        rubrics.check(terms)
        return
    with pytest.raises(Invalid, match=f"sum to {sum(weights)}") as error:
        rubrics.check(terms)
    assert error.value.field == "weight_0"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name_0"),
        ({"asks": ""}, "asks_0"),
        ({"weight": 0}, "weight_0"),
        ({"anchors": ("a",) * 5}, "anchors_0"),
        ({"anchors": ("a",) * 5 + (" ",)}, "anchors_0"),
    ],
)
def test_a_criterion_says_everything(change: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as error:
        rubrics.check([replace(ONE, **change)])  # type: ignore[arg-type]
    assert error.value.field == field


def test_names_are_given_once() -> None:
    with pytest.raises(Invalid) as error:
        rubrics.check([replace(ONE, weight=50), replace(ONE, name="USE ", weight=50)])
    assert error.value.field == "name_1"


def test_only_an_administrator_and_only_while_it_is_a_draft() -> None:
    call, admin = draft_call(), builders.admin()
    with pytest.raises(Refused):
        services.set_rubric(actor=builders.user("Some Body"), call=call, version=call.version, criteria=[ONE])
    services.set_rubric(actor=admin, call=call, version=call.version, criteria=[ONE])
    with pytest.raises(Conflict, match="Somebody else"):
        services.set_rubric(actor=admin, call=call, version=call.version, criteria=[])
    services.open_call(actor=admin, call=call)
    call.refresh_from_db()
    with pytest.raises(Conflict, match="opened"):
        services.set_rubric(actor=admin, call=call, version=call.version, criteria=[])
    assert Criterion.objects.count() == 1


def test_the_page_begins_with_a_preset_keeps_gaps_and_shows_the_call() -> None:
    call, client = draft_call(), browser(builders.admin())
    address = f"/calls/{call.slug}/rubric/"
    assert "Feasibility" in client.get(f"{address}?from=full").content.decode()
    row = {"name_3": "Use", "asks_3": "Who gains", "weight_3": "90", "anchors_3": "a\r\nb\r\nc\r\nd\r\ne\r\nf"}
    answer = client.post(address, {**row, "version": "1"})
    assert answer.status_code == 422
    assert answer.context["form"].errors.get("weight_3") == ["The weights sum to 90; they have to sum to 100."]
    assert client.post(address, {**row, "weight_3": "100", "version": "1"})["Location"] == f"/calls/{call.slug}/"
    page = client.get(f"/calls/{call.slug}/").content.decode()
    assert "Use, 100%" in page and "Who gains" in page
    assert client.post(address, {"version": "2"})["Location"] == f"/calls/{call.slug}/"
    assert not Criterion.objects.exists()
