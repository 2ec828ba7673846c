"""Whatever stands in an address, the answer is a page: the thing, its first screenful, or a page that says that it is not there."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.urls import get_resolver

from funding.api.errors import MEDIA_TYPE
from tests.site.addresses import OTHERS, addresses, filled, kinds
from tests.site.world import World

NUMBERS = ["-1", "0", "abc", "1.5", "99999999999999999999999999", "9" * 5000, "\x00", "٣", "", "1;drop table", "🙂"]
DATES = ["2026-13-01", "0001-01-01", "9999-12-31", "2026-W44", "abc", "\x00", "-1", "2026-10-14T00:00"]
WORDS = ["\x00", "a\x00b", "🙂", "سلام", "' or 1=1 --", "%", "<script>alert(1)</script>", "x" * 3_000, "../../etc", "\r\nSet-Cookie: a=b"]

QUERIES: list[tuple[str, str, str, list[str]]] = [
    ("auditor", "/books/", "page", NUMBERS),
    ("nobody", "/books/", "find", [*WORDS, *NUMBERS, "#1", "entry 999999999999"]),
    ("nobody", "/books/", "kind", WORDS),
    ("admin", "/desk/people/", "page", NUMBERS),
    ("admin", "/desk/people/", "q", WORDS),
    ("admin", "/desk/people/give/", "email", WORDS),
    ("auditor", "/desk/audit/", "before", NUMBERS),
    ("auditor", "/desk/audit/", "act", WORDS),
    ("auditor", "/desk/audit/", "outcome", WORDS),
    ("treasurer", "/desk/inbox/", "before", NUMBERS),
    ("treasurer", "/desk/inbox/", "state", WORDS),
    ("worker", "/days/", "week", DATES),
    ("worker", "/days/", "engagement", WORDS),
    ("worker", "/days/", "page", NUMBERS),
    ("worker", "/engagements/", "page", NUMBERS),
    ("worker", "/engagements/{engagement}/", "page", NUMBERS),
    ("treasurer", "/payouts/", "page", NUMBERS),
    ("treasurer", "/payouts/", "runs", NUMBERS),
    ("nobody", "/decisions/", "page", NUMBERS),
    ("nobody", "/projects/quillon/sponsor/", "tier", NUMBERS),
    ("nobody", "/projects/quillon/sponsor/{tier}/", "back", WORDS),
    ("nobody", "/accounts/login/", "next", WORDS),
    ("nobody", "/", "page", WORDS),
]
MONTHS = ["9999-99", "2026-00", "0001-01", "0000-01", "9999-12", "2026-1", "1999-12", "2026-10-01", "abc", "\x00", "٢٠٢٦-١٠", "2026-10\n"]
ODD_TEXTS = [quote(text) for text in ("\x00", "🙂", "سلام", "x" * 300, "../x")]
ODD_NAMES = ["0", "9" * 30, "-", "x-1"]


def explained(answer: HttpResponse) -> bool:
    told = answer.get("Content-Type") == MEDIA_TYPE or "<h1>" in answer.content.decode()
    return answer.status_code < 500 and (answer.status_code < 400 or told)


@pytest.mark.parametrize(("who", "page", "name", "tried"), QUERIES, ids=[f"{page}?{name}" for _, page, name, _ in QUERIES])
def test_an_odd_query_is_no_crash(who: str, page: str, name: str, tried: list[str], world: World) -> None:
    where, browser = page.format(engagement=world.engagement.ref, tier=world.tier.pk), world.browser(who)
    assert browser.get(where).status_code == 200
    found = {value[:40]: browser.get(where, {name: value}) for value in tried}
    assert not {value: answer.status_code for value, answer in found.items() if not explained(answer)}
    assert not [value for value, answer in found.items() if "<script>alert(1)" in answer.content.decode()]


@pytest.mark.parametrize("ending", ["/", ".csv"])
def test_a_month_that_is_none_is_not_there(ending: str, world: World) -> None:
    found = {month: world.browser("nobody").get(f"/reports/quillon/{quote(month)}{ending}") for month in MONTHS}
    assert not {month: answer.status_code for month, answer in found.items() if not explained(answer)}
    assert {answer.status_code for month, answer in found.items() if month not in {"2026-1", "٢٠٢٦-١٠"}} == {404}


def odd_addresses() -> Iterator[str]:
    """Every address of ours that has something to fill in, with each odd filling."""
    for _, text, _ in addresses(get_resolver().url_patterns):
        if text.startswith(OTHERS) or not kinds(text):
            continue
        for odd in ODD_TEXTS if "str" in kinds(text) else ODD_NAMES:
            yield filled(text, odd)


@pytest.mark.parametrize("who", ["nobody", "admin"])
def test_an_odd_reference_is_not_there(who: str, world: World) -> None:
    wrong = {}
    for where in odd_addresses():
        answer = world.browser(who).get(where)
        if not explained(answer) or (answer.status_code == 200 and who == "nobody"):
            wrong[where[:120]] = answer.status_code
    assert not wrong
