"""Money, days and dates are printed by one formatter each."""

from __future__ import annotations

import datetime as dt

import pytest

from funding.components import formats
from funding.money import Money
from tests.funding.components.drawing import draw

OSLO = dt.timezone(dt.timedelta(hours=1))


def test_money_has_the_symbol_a_true_minus_and_its_own_decimals() -> None:
    assert draw("{{ m|money }}", m=Money(9180, "USD")) == '<span class="money">$91.80</span>'
    assert draw("{{ m|money }}", m=Money(-320, "USD")) == '<span class="money minus">\u2212$3.20</span>'
    assert draw('{% money 1500 "JPY" %}') == '<span class="money">¥1,500</span>'
    assert draw("{{ m }} of {{ n }}", m=Money(123456789, "USD"), n=Money(-5, "CAD")) == "$1,234,567.89 of −CA$0.05"


def test_zero_is_shown_and_absent_is_said() -> None:
    assert "0.00" in draw("{{ m|money }}", m=Money(0, "USD"))
    assert "Not provided" in draw("{{ m|money }}", m=None)


def test_only_price_tags_drop_the_decimals_of_a_whole_sum() -> None:
    assert "$100<" in draw("{{ m|money_short }}", m=Money(10000, "USD"))
    assert "$12.50<" in draw("{{ m|money_short }}", m=Money(1250, "USD"))


@pytest.mark.parametrize(
    ("half_days", "words", "counted", "number"),
    [
        (9, "4½", "4½ days", 5),
        (1, "½", "½ day", 1),
        (2, "1", "1 day", 1),
        (3, "1½", "1½ days", 2),
        (0, "0", "0 days", 0),
        (40, "20", "20 days", 20),
    ],
)
def test_days_are_written_in_one_way(half_days: int, words: str, counted: str, number: int) -> None:
    drawn = draw("{{ d|day_words }}|{{ d|day_count }}|{{ d|day_number }}", d=half_days)
    assert drawn == f"{words}|{counted}|{number}"


def test_an_instant_is_told_in_utc_with_its_zone() -> None:
    late = dt.datetime(2026, 12, 11, 0, 59, 59, tzinfo=OSLO)
    html = '<time class="nw" datetime="2026-12-10T23:59:59Z">Thu 10 Dec 2026, 23:59 UTC</time>'
    assert draw("{% when moment %}", moment=late) == html
    assert draw("{{ moment|when_text }}", moment=late) == "Thu 10 Dec 2026, 23:59 UTC"


def test_a_date_of_work_has_no_time() -> None:
    assert draw("{% on day %}", day=dt.date(2026, 10, 14)) == '<time class="nw" datetime="2026-10-14">Wed 14 Oct 2026</time>'
    assert draw("{% on day %}", day=dt.datetime(2026, 10, 15, 0, 30, tzinfo=OSLO)).endswith(">Wed 14 Oct 2026</time>")
    assert draw("{{ day|month_name }}", day=dt.date(2026, 11, 1)) == "November 2026"
    assert draw("{% when nothing %}{% on nothing %}", nothing=None) == ""


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        formats.instant(dt.datetime(2026, 12, 10))


@pytest.mark.parametrize(("names", "said"), [([], ""), (["Ada"], "Ada"), (["Ada", "Bea"], "Ada and Bea"), (["A", "B", "C"], "A, B and C")])
def test_a_sentence_names_several_in_one_way(names: list[str], said: str) -> None:
    assert draw("{{ names|listed }}", names=names) == said
