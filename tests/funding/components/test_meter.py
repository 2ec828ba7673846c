"""The days meter says the same in boxes, in its key and in its sentence."""

from __future__ import annotations

import re

import pytest

from funding.components.tags import meter
from tests.funding.components.drawing import draw, words


def halves(html: str) -> str:
    drawn = html[html.index('class="days"') : html.index("</i></div>")]
    return "".join(re.findall(r'<b class="(\w)">', drawn))


def test_boxes_key_and_sentence_agree() -> None:
    html = draw("{% days_meter worked=19 paid=9 target=40 %}")
    assert halves(html) == "w" * 19 + "f" * 9 + "o" * 12
    assert 'aria-label="Of 20 days: 9 and a half worked and logged, 4 and a half paid for but not yet worked, 6 still open."' in html
    assert "Worked and logged 9½ Paid for, not yet worked 4½ Still open 6" in words(html)


def test_an_empty_month_is_drawn_and_said() -> None:
    html = draw("{% days_meter target=40 %}")
    assert halves(html) == "o" * 40
    assert "0 worked and logged" in html


def test_pledges_are_told_apart_by_words_and_by_hatching() -> None:
    html = draw("{% days_meter pledged=17 target=24 open=23 goal=24 %}")
    assert halves(html) == "p" * 17 + "o" * 23
    assert "8 and a half pledged" in html
    assert "Pledged, not yet collected 8½" in words(html)
    drawn = html[html.index('class="days"') : html.index("</i></div>")]
    before_goal = drawn[: drawn.index("goal")].count("<i")
    assert before_goal == 12


def test_more_than_the_target_is_not_cut_off() -> None:
    html = draw("{% days_meter worked=50 target=40 %}")
    assert halves(html) == "w" * 50
    assert "Of 25 days: 25 worked" in html


@pytest.mark.parametrize(("target", "most"), [(40, 20), (120, 60), (400, 60), (4000, 60)])
def test_a_long_target_shares_boxes_and_says_so(target: int, most: int) -> None:
    html = draw("{% days_meter worked=20 target=target %}", target=target)
    assert len(halves(html)) <= 2 * most
    assert ("One box is" in html) == (target > 120)


@pytest.mark.parametrize(("half_days", "said"), [(0, "0"), (1, "half a day"), (2, "1"), (9, "4 and a half")])
def test_spoken_days(half_days: int, said: str) -> None:
    assert meter.spoken(half_days) == said
