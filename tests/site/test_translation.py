"""No word on the screen stands outside translation, and every sum is written in one way."""

from __future__ import annotations

import pytest
from django.utils.translation import gettext

from funding.mail.models import Message
from tests.site import pseudo, screens
from tests.site.test_screens import drawable
from tests.site.world import World

__all__ = ["drawable"]

RECORDS = {"people", "recovery"}
"""Parts of the site that show the audit log, mails and errors as they were kept."""


@pytest.mark.parametrize("room", screens.rooms())
def test_every_word_is_translated_and_every_sum_has_its_mark(room: str, drawable: World) -> None:
    known: set[str] = set()
    found = {}
    for visit in screens.visits():
        if visit.room == room:
            with pseudo.spoken():
                screen = screens.draw(drawable, visit, after=lambda: known.update(pseudo.recorded(records=room in RECORDS)))
            html = screen.html.decode()
            if texts := [*pseudo.raw(html, known), *pseudo.coded(html)]:
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
        ("<p>$91.80 <b>per day</b></p>", ["per day"]),
        ("<head><title>Books</title></head>", ["Books"]),
    ],
)
def test_a_word_outside_translation_is_seen(html: str, said: list[str]) -> None:
    assert pseudo.raw(html, {"Ada"}) == said


def test_a_mail_writes_sums_in_the_same_way(world: World) -> None:
    mails = [f"{mail.subject}\n{mail.body}" for mail in Message.objects.all()]
    assert any("$" in mail for mail in mails)
    assert [said for mail in mails for said in pseudo.coded(mail)] == []


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("<p>It costs USD 10.00.</p>", ["USD 10.00"]),
        ("<p>It costs EUR&nbsp;−1,000</p>", ["EUR\u00a0−1,000"]),
        ("<p title='JPY 5'>$10.00, CHF 10.00, PAY 4 of ABC 12</p>", ["JPY 5"]),
        ("<label>Amount, USD</label><code>USD 10.00</code>", []),
    ],
)
def test_a_sum_with_its_code_is_seen(html: str, said: list[str]) -> None:
    assert pseudo.coded(html) == said


def test_a_message_that_no_translator_is_given_shows() -> None:
    with pseudo.spoken():
        assert gettext("Projects") == "Ｐｒｏｊｅｃｔｓ"
        assert gettext("Never said anywhere") == "Never said anywhere"


def test_what_is_put_into_a_message_is_not_touched() -> None:
    assert pseudo.widened("At {day} for <b>%(who)s</b>&nbsp;%d") == "Ａｔ {day} ｆｏｒ <b>%(who)s</b>&nbsp;%d"
