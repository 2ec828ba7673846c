"""No word on the screen stands outside translation."""

from __future__ import annotations

import pytest

from tests.site import pseudo, screens
from tests.site.test_screens import drawable
from tests.site.world import World

__all__ = ["drawable"]

RECORDS = {"people", "recovery"}
"""Parts of the site that show the audit log, mails and errors as they were kept."""


@pytest.mark.parametrize("room", screens.rooms())
def test_every_word_is_translated(room: str, drawable: World) -> None:
    known: set[str] = set()
    found = {}
    for visit in screens.visits():
        if visit.room == room:
            with pseudo.spoken():
                screen = screens.draw(drawable, visit, after=lambda: known.update(pseudo.recorded(records=room in RECORDS)))
            if texts := pseudo.raw(screen.html.decode(), known):
                found[visit.key] = texts
    for key, texts in found.items():
        print(key, *texts, sep="\n    ")
    assert found == {}


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<p>Left</p>", ["Left"]),
        ("<p>Ｌｅｆｔ</p>", []),
        ("<a aria-label='Close it'>Ｘ</a>", ["Close it"]),
        ("<p>Ada</p><code>manage.py</code>", []),
        ("<p>USD 91.80 <b>per day</b></p>", ["per day"]),
        ("<head><title>Books</title></head>", ["Books"]),
    ],
)
def test_a_word_outside_translation_is_seen(html: str, said: list[str]) -> None:
    assert pseudo.raw(html, {"Ada", "USD"}) == said


def test_what_is_put_into_a_message_is_not_touched() -> None:
    assert pseudo.widened("At {day} for <b>%(who)s</b>&nbsp;%d") == "Ａｔ {day} ｆｏｒ <b>%(who)s</b>&nbsp;%d"
