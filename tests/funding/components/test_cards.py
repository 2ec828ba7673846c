"""The larger parts draw what they are given, escaped, in an order that a screen reader can follow."""

from __future__ import annotations

import datetime as dt

import pytest

from funding.components.parts import Column, Event, FeeLine, Link, Pill, Station, Step, Table, TierCard
from funding.money import Money
from tests.funding.components.drawing import draw, words


def usd(amount: int) -> Money:
    return Money(amount, "USD")


FEES = [
    FeeLine("You pay", usd(10000)),
    FeeLine("Card fee", usd(-320)),
    FeeLine("Host, 5%", usd(-500)),
    FeeLine("Buys time", usd(9180)),
]


def test_the_fee_sum_ends_with_its_total() -> None:
    html = draw('{% fee_sum lines "Where $100 goes" %}', lines=FEES)
    assert words(html) == "Where $100 goes You pay $100.00 Card fee \u2212$3.20 Host, 5% \u2212$5.00 Buys time $91.80"
    assert html.count('class="total"') == 1
    assert html.index('class="total"') > html.index("Host, 5%")


def test_the_fee_sum_takes_plain_pairs_and_nothing() -> None:
    assert "$91.80" in draw("{% fee_sum lines %}", lines=[("Buys time", usd(9180))])
    assert draw("{% fee_sum lines %}", lines=[]) == ""


def card(**changes: object) -> TierCard:
    base = {"key": "seat", "name": "Company <seat>", "price": "$100", "period": "a month", "url": "/go/", "action": "Take a company seat"}
    return TierCard(**{**base, **changes})  # type: ignore[arg-type]


def test_a_tier_card_has_one_button_and_escapes_its_name() -> None:
    html = draw(
        "{% tier_card card %}", card=card(fees=FEES, share=20, buys="One fifth of a day", lines=["An invoice"], pill=Pill("30 open", "pen"))
    )
    assert "Company &lt;seat&gt;" in html
    assert html.count('class="btn') == 1
    assert 'aria-labelledby="tier-seat"' in html
    assert 'height="4.4"' in html
    assert "style=" not in html


def test_a_closed_tier_says_why_instead_of_a_button() -> None:
    html = draw("{% tier_card card %}", card=card(closed="All seats are taken."))
    assert "All seats are taken." in html
    assert "btn" not in html


def test_the_money_line_is_a_list_with_dates_and_references() -> None:
    stations = [
        Station("Paid in", usd(10000), "Bracken & Lowe Ltd", dt.date(2026, 10, 5), reference=Link("IN-0417", "/books/entries/417/")),
        Station("Fees", usd(-820)),
        Station("Paid out", due=True),
    ]
    html = draw("{% money_line stations %}", stations=stations)
    assert html.count("<li") == 3
    assert 'datetime="2026-10-05"' in html
    assert '<a href="/books/entries/417/">IN-0417</a>' in html
    assert "Bracken &amp; Lowe" in html
    assert 'class="sum minus"' in html
    assert words(html).endswith("Paid out Due")


def test_the_stepper_says_completed_and_marks_the_present_step() -> None:
    html = draw(
        '{% stepper steps "Progress of this proposal" %}',
        steps=[Step("Submitted", "done"), Step("Review", "now", "2 of 4"), Step("Decided", "next")],
    )
    assert words(html) == "Submitted completed Review 2 of 4 Decided"
    assert html.count('aria-current="step"') == 1


def test_the_timeline_marks_what_is_still_due() -> None:
    at = dt.datetime(2026, 11, 2, 20, 41, tzinfo=dt.UTC)
    html = draw(
        "{% timeline events %}", events=[Event(at, "Submitted", Pill("Public", "pen")), Event(dt.date(2026, 12, 11), "Published", due=True)]
    )
    assert words(html) == "Mon 2 Nov 2026, 20:41 UTC Submitted Public Fri 11 Dec 2026 Published Due"


def table(**changes: object) -> Table:
    base = {
        "caption": "Work logged",
        "columns": [Column("Date", "date"), Column("Work"), Column("Who", minor=True), Column("Sum", "number")],
        "rows": [[dt.date(2026, 11, 20), "Reviewed <six>", Link("Marit", "/p/"), usd(22950)]],
        "foot": [None, "Total", None, usd(22950)],
        "head": 1,
    }
    return Table(**{**base, **changes})  # type: ignore[arg-type]


def test_a_table_keeps_its_roles_and_labels_for_the_card_layout() -> None:
    html = draw("{% data_table table %}", table=table())
    assert "<caption" in html
    assert html.count('role="columnheader"') == 4
    assert html.count('role="rowheader"') == 2
    assert 'data-label="Sum"' in html
    assert "Reviewed &lt;six&gt;" in html
    assert '<a href="/p/">Marit</a>' in html
    assert 'class="num dbl"' in html
    assert 'class="hide" data-label="Who"' in html.replace(' class=" hide"', ' class="hide"')


def test_an_empty_table_keeps_its_head_and_says_so() -> None:
    html = draw("{% data_table table %}", table=table(rows=[], foot=[], empty="No days logged yet."))
    assert "No days logged yet." in html
    assert html.count('role="columnheader"') == 4


def test_currencies_that_meet_are_told_by_their_marks() -> None:
    html = draw("{% data_table table %}", table=table(rows=[[None, "Fee", None, Money(100, code)] for code in ("EUR", "CHF")], foot=[]))
    assert "€1.00" in html and "CHF 1.00" in html


def test_a_row_of_the_wrong_length_is_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        draw("{% data_table table %}", table=table(rows=[["only one"]]))
