"""Every page of the site in Chromium: nobody is kept out by how it is made, nothing sticks out, nothing is heavy.

What is looked for stands in `eyes.py`, which pages there are in `screens.py`. One test for each part of the site.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from funding.payments import gateway
from funding.payments.models import ConnectedAccount
from tests.browser.conftest import CHROMIUM
from tests.funding.payments.standin import StandIn
from tests.site import screens
from tests.site.eyes import CROSSED, OTHERS, Eyes, opened
from tests.site.screens import Screen
from tests.site.world import World

needs_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH: install the package chromium to look at the pages"),
]
LIGHTS = [pytest.param(CROSSED, id="crossed"), pytest.param(OTHERS, id="others", marks=pytest.mark.slow)]


@pytest.fixture(scope="session")
def eyes() -> Iterator[Eyes]:
    with opened() as there:
        yield there


@pytest.fixture
def drawable(world: World, stripe_stand_in: StandIn) -> World:
    """With the payee's account known to the processor: a page reads it when somebody comes back."""
    made = gateway.create_account(name="Worker", email="worker@example.org", country="US", currency="USD", metadata={}, key="screens")
    ConnectedAccount.objects.filter(party=world.engagement.payee).update(account_id=made.id)
    return world


def test_every_address_has_a_page_here() -> None:
    """An address with no page in the crawl fails; so does a note about an address that is no more."""
    assert screens.unseen() == set()
    keys = [visit.key for visit in screens.visits()]
    assert len(set(keys)) == len(keys)


class TestPages:
    pytestmark = needs_chromium

    @pytest.mark.parametrize("room", screens.rooms())
    @pytest.mark.parametrize("lights", LIGHTS)
    def test_nothing_is_wrong_in_this_room(self, room: str, lights: list, drawable: World, eyes: Eyes) -> None:
        drawn = [screens.draw(drawable, visit) for visit in screens.visits() if visit.room == room]
        assert _faults(eyes, drawn, lights) == {}

    @pytest.mark.parametrize("lights", LIGHTS)
    def test_nothing_is_wrong_with_the_pages_of_errors(self, lights: list, drawable: World, eyes: Eyes) -> None:
        assert _faults(eyes, list(screens.errors(drawable)), lights) == {}


def _faults(eyes: Eyes, drawn: list[Screen], lights: list) -> dict[str, list[str]]:
    return {screen.key: found for screen in drawn if (found := eyes.look(screen, lights))}


SOUND = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sound</title><link rel="stylesheet" href="/static/components/daybook.css"></head>
<body><main><h1>Sound</h1>HERE</main></body></html>"""
POLICY = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'self'; img-src 'self' data:"}


class TestEyes:
    """Each kind of fault, planted in a page that is sound without it, is seen."""

    pytestmark = needs_chromium

    def test_a_sound_page_has_none(self, eyes: Eyes) -> None:
        assert eyes.look(_page(SOUND), [*CROSSED, *OTHERS]) == []

    @pytest.mark.parametrize(
        ("planted", "said"),
        [
            ("<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>", "1280 px light: image-alt"),
            ("<p class='pill vh-not'><input type='text'></p>", "label"),
            ("<h4>Skips a level</h4>", "heading-order"),
            ("<pre class='wide'>" + "x" * 400 + "</pre><table><tr><td>" + "y" * 400 + "</td></tr></table>", "320 px: "),
            ("<h1>Again</h1>", "2 h1"),
            ("<script src='/static/components/nowhere.js'></script>", "asks for https://testserver/static/components/nowhere.js"),
            ("<img alt='' src='https://elsewhere.example/x.png'>", "console: "),
            ("<script>alert(1)</script>", "console: "),
            ("<p style='color:red'>Red</p>", "console: "),
        ],
    )
    def test_a_planted_fault_is_seen(self, eyes: Eyes, planted: str, said: str) -> None:
        assert any(said in fault for fault in eyes.look(_page(SOUND.replace("HERE", planted))))

    @pytest.mark.parametrize(("scheme", "weak"), [("light", "#777"), ("dark", "#666")])
    def test_contrast_is_measured_in_both_schemes(self, eyes: Eyes, scheme: str, weak: str) -> None:
        style = f"<style>@media (prefers-color-scheme:{scheme}){{p{{color:{weak};background:{'#888'}}}}}</style>"
        found = eyes.look(_page(SOUND.replace("</head>", f"{style}</head>").replace("HERE", "<p>Weak</p>"), policy=False))
        assert [fault for fault in found if "color-contrast" in fault and scheme in fault]

    @pytest.mark.parametrize(("without", "said"), [(' lang="en"', "no lang"), ("<title>Sound</title>", "no title")])
    def test_what_every_page_has_is_missed(self, eyes: Eyes, without: str, said: str) -> None:
        assert said in eyes.look(_page(SOUND.replace(without, "")))

    def test_a_heavy_page_is_weighed(self, eyes: Eyes) -> None:
        heavy = "".join(f"<p>{number * number * 7919 % 10_000_019:x}</p>" for number in range(12_000))
        assert any(fault.startswith("html: ") for fault in eyes.look(_page(SOUND.replace("HERE", heavy)), []))

    def test_a_page_that_fits_only_with_its_script_is_seen(self, eyes: Eyes) -> None:
        hidden = "<script src='/static/components/busy.js'></script><noscript><pre>" + "x" * 400 + "</pre><table><tr><td>" + "y" * 400
        found = eyes.look(_page(SOUND.replace("HERE", hidden + "</td></tr></table></noscript>")), [])
        assert [fault for fault in found if "without script" in fault]
        assert not [fault for fault in found if "px: " in fault]


def _page(html: str, *, policy: bool = True) -> Screen:
    headers = POLICY if policy else {"Content-Type": POLICY["Content-Type"]}
    return Screen("planted", "/planted/", html.replace("HERE", "").encode(), headers)
