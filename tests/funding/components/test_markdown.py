"""What people write cannot run, load or lead anywhere that it should not."""

from __future__ import annotations

import pytest

from funding.components import markdown
from tests.funding.components.drawing import draw


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        '[x](https://example.org "onmouseover=alert(1)")',
        "<a href='#' style='position:fixed'>x</a>",
        "![x](https://tracker.example/p.gif)",
        "<https://example.org/'onclick='alert(1)>",
    ],
)
def test_nothing_that_runs_or_loads_gets_through(text: str) -> None:
    html = markdown.render(text)
    for danger in ("<script", "<img", "onerror=alert(1)>", 'href="javascript', 'href="data', 'style="', " onclick=", "<a href='#'"):
        assert danger not in html


def test_a_picture_becomes_a_link_to_it() -> None:
    assert markdown.render("![The plan](https://example.org/plan.png)") == (
        '<p><a href="https://example.org/plan.png" rel="nofollow noopener">The plan</a></p>\n'
    )


def test_headings_start_under_those_of_the_page() -> None:
    assert markdown.render("# Plan\n\n##### Deep") == "<h3>Plan</h3>\n<h4>Deep</h4>\n"
    assert markdown.render("## Plan\n\n### Part", 2) == "<h2>Plan</h2>\n<h3>Part</h3>\n"
    assert markdown.render("### Deep first\n\n# Then the title\n\nx") == "<h3>Deep first</h3>\n<h3>Then the title</h3>\n<p>x</p>\n"


def test_lists_tables_and_emphasis_stay() -> None:
    html = draw("{{ text|markdown }}", text="- *one*\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`code` & more")
    for part in ("<li><em>one</em></li>", "<th>a</th>", "<td>2</td>", "<code>code</code> &amp; more"):
        assert part in html


def test_nothing_written_draws_nothing() -> None:
    assert markdown.render("") == ""
