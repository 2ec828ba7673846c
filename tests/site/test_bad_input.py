"""Whatever is typed into any form: a message beside the field or one page that explains, what was typed is kept, nothing changes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from html import unescape
from itertools import zip_longest
from typing import Any

import pytest
from django import forms
from django.db import transaction
from django.forms.widgets import Input
from django.http import HttpResponse
from django.test import Client
from django.urls import get_resolver
from django.utils.html import escape

from funding.components.tags.forms import problems
from funding.people.models import Host, User
from tests.funding.builders import browser, user
from tests.site import values
from tests.site.addresses import addresses
from tests.site.content import changed, content
from tests.site.forms import ELSEWHERE, NEW, ROWS, SAME, Data, Row, address, press
from tests.site.world import World

EXPLAINED = {400, 409, 422}
JARGON = ("None", "Traceback", "Decimal(", "datetime.", "object at 0x", "DoesNotExist", "Invalid(", "Exception", "psycopg", "UUID", "['")
ONLY_CHOSEN = {
    "refunds:approve",
    "payouts:account_start",
    "payouts:debt_decide",
    "payouts:cosign",
    "people:acting-decide",
    "funds:need-top-up",
    "tiers:publish",
    "goals:publish",
    "awards:activate",
    "committee:vote",
    "payouts:release",
}
TYPED = [name for name, row in ROWS.items() if row.valid is not press and name not in ONLY_CHOSEN]
"""Forms with something to type."""
FIXED = {
    "billing:steps-edit",
    "payments:bank",
    "payments:cash-move",
    "payouts:prepare",
    "people:role-give",
    "people:tie-months",
    "rates:propose",
    "setup:mail-code",
}
"""Forms that hold a text with a form of its own: a sum, a number, a code, an address."""
FREE = [name for name in TYPED if name not in FIXED]
"""Forms with words of a person's own."""
STATUS = {SAME: 302, NEW: 302}


def send(browser: Client, where: str, data: Data) -> HttpResponse:
    return browser.post(where, {"once": str(uuid.uuid4()), **data})


def try_to(browser: Client, where: str, data: Data) -> HttpResponse:
    """One press inside its own savepoint; one that went through, which is a defect, must not change what the next one meets."""
    with transaction.atomic():
        answer = send(browser, where, data)
        if answer.status_code not in EXPLAINED:
            transaction.set_rollback(True)
    return answer


def form_of(row: Row, name: str, world: World) -> forms.BaseForm:
    """The form as the page draws it, or as it comes back when an empty one is sent where the page itself is not shown."""
    browser, where = world.browser(row.who), address(name, world)
    answer = browser.get(where)
    if answer.context is None or "form" not in answer.context:
        answer = browser.post(where, {"once": "broken"})
    return answer.context["form"]


def typed(field: forms.Field) -> bool:
    """Whether somebody typed it, so that it must come back."""
    widget = field.widget
    return isinstance(widget, Input | forms.Textarea) and not isinstance(widget, forms.CheckboxInput) and not widget.is_hidden


def lost(data: Data, form: forms.BaseForm, body: str) -> list[str]:
    """Names of typed fields whose value is not in the page that came back."""
    return [name for name, field in form.fields.items() if typed(field) and data.get(name) and escape(data[name]) not in body]


def unclear(answer: HttpResponse, body: str) -> list[str]:
    """What is wrong with the words of an answer that refuses a form."""
    if answer.context is None or "form" not in answer.context or answer.status_code != 422:
        return [] if "<h1>" in body and not any(word in body for word in JARGON) else ["a page that does not explain"]
    said = [problem["text"] for problem in problems(answer.context["form"])]
    wrong = [] if said else ["no sentence"]
    for sentence in said:
        if not sentence.endswith(".") or (not sentence[0].isupper() and sentence[0] != "“"):
            wrong.append(f"no sentence: {sentence[:100]}")
        if any(word in sentence.replace(str(values.LONG), "") for word in JARGON):
            wrong.append(f"not a person's words: {sentence[:100]}")
        if escape(sentence) not in body:
            wrong.append(f"not shown: {sentence[:100]}")
    return wrong


def rounds(form: forms.BaseForm, valid: Data) -> Iterator[Data]:
    """The first bad value of every field, then the second of every field, until none is left."""
    tried = [(name, values.bad(name, field)) for name, field in form.fields.items() if not unread(name, field, valid)]
    for bad in zip_longest(*(found for _, found in tried)):
        yield {name: value for (name, _), value in zip(tried, bad, strict=True) if value is not None}


def unread(name: str, field: forms.Field, valid: Data) -> bool:
    """Such as the version of a form that makes a new row."""
    return field.widget.is_hidden and name not in {"once", *valid}


def faults(browser: Client, where: str, valid: Data, bad: Data) -> list[str]:
    """What is wrong with the answer to some bad values. One that the form itself does not name is sent once more alone."""
    answer = try_to(browser, where, {**valid, **bad})
    body, form = answer.content.decode(), (answer.context or {}).get("form")
    label = ", ".join(f"{name}={str(value)[:60]!r}" for name, value in bad.items())
    named = set(form.errors) if form is not None and answer.status_code == 422 else set()
    if len(bad) > 1:
        alone = [fault for name in set(bad) - named for fault in faults(browser, where, valid, {name: bad[name]})]
    else:
        alone = [] if answer.status_code in EXPLAINED else [f"{label}: {answer.status_code}"]
    if answer.status_code == 422 and form is not None:
        alone += [f"{label}: {missing} is lost" for missing in lost({**valid, **bad}, form, body)]
    if answer.status_code in EXPLAINED:
        alone += [f"{label}: {words}" for words in unclear(answer, body)]
    return alone


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_value_is_explained_kept_and_changes_nothing(name: str, world: World) -> None:
    row = ROWS[name]
    if row.before:
        row.before(world)
    form, where, valid = form_of(row, name, world), address(name, world), row.valid(world)
    before = content()
    wrong = [fault for bad in rounds(form, valid) for fault in faults(world.browser(row.who), where, valid, bad)]
    assert not wrong, "\n".join(wrong)
    assert not changed(before)


@pytest.mark.parametrize("name", TYPED)
def test_two_megabytes_are_explained_and_change_nothing(name: str, world: World) -> None:
    row = ROWS[name]
    if row.before:
        row.before(world)
    form, where, valid = form_of(row, name, world), address(name, world), row.valid(world)
    long = [field for field in form.fields if typed(form.fields[field])]
    before = content()
    data = {**valid, **{field: values.LONG[: 2_000_000 // len(long)] for field in long}}
    answer = send(world.browser(row.who), where, data)
    assert answer.status_code == 422
    assert long and set(answer.context["form"].errors) >= set(long)
    assert not unclear(answer, answer.content.decode())
    assert not lost(data, form, answer.content.decode())
    assert not changed(before)


@pytest.mark.parametrize("name", FREE)
def test_what_is_typed_in_any_script_is_taken_and_never_runs(name: str, world: World, request: pytest.FixtureRequest) -> None:
    row = prepared(name, world, request)
    form, where, valid = form_of(row, name, world), address(name, world), row.valid(world)
    free = {field: values.SCRIPTS[: made.max_length] for field, made in form.fields.items() if values.is_line(made)}
    free |= {
        field: "\n".join([f"{values.SCRIPTS} {values.MARKDOWN}"] * (6 if "anchors" in field else 1))
        for field, made in form.fields.items()
        if values.is_text(made)
    }
    kept = {field: text for field, text in free.items() if field in valid}
    assert kept
    answer = send(world.browser(row.who), where, {**valid, **kept})
    assert answer.status_code == 302, unescape(answer.content.decode())
    if not row.processor:
        assert_harmless(world.browser(row.who).get(answer["Location"], follow=True))


def assert_harmless(answer: HttpResponse) -> None:
    body = answer.content.decode()
    assert answer.status_code in {200, 403}  # a member who stepped back has closed the page to themselves
    assert "<script>alert" not in body
    assert "<img src=x" not in body
    assert not re.search(r"""href=["']?\s*javascript:""", body, re.IGNORECASE)
    assert 'src="https://elsewhere' not in body


def prepared(name: str, world: World, request: pytest.FixtureRequest) -> Row:
    row = ROWS[name]
    if row.processor:
        request.getfixturevalue("stripe_stand_in")
    if row.before:
        row.before(world)
    return row


@pytest.mark.parametrize("name", ROWS)
def test_a_repeated_press_lands_on_the_first_result(name: str, world: World, request: pytest.FixtureRequest) -> None:
    row = prepared(name, world, request)
    where, data = address(name, world), {**row.valid(world), "once": str(uuid.uuid4())}
    first = send(world.browser(row.who), where, data)
    assert first.status_code == 302, unescape(first.content.decode())
    after = content()
    second = send(world.browser(row.who), where, data)
    assert (second.status_code, second.get("Location")) == (302, first["Location"])
    assert not changed(after)


@pytest.mark.parametrize("name", ROWS)
def test_a_stale_form_says_so_and_changes_nothing(name: str, world: World, request: pytest.FixtureRequest) -> None:
    row = prepared(name, world, request)
    where, data = address(name, world), row.valid(world)
    send(world.browser(row.who), where, data)
    before = content()
    answer = send(world.browser(row.who), where, data)
    assert answer.status_code == STATUS.get(row.again, row.again)
    if row.again != NEW:
        assert not changed(before)
    if answer.status_code != 302:
        body = answer.content.decode()
        assert not unclear(answer, body)
        if "version" in data and answer.status_code == 409 and answer.context.get("form"):
            assert not lost(data, answer.context["form"], body)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.stranger])
def test_somebody_else_changes_nothing(name: str, world: World) -> None:
    row = ROWS[name]
    where, data, form = address(name, world), row.valid(world), form_of(row, name, world)
    other = "friend" if row.who == "stranger" else "stranger"
    before = content()
    assert send(world.browser(other), where, data).status_code == row.stranger
    first = next(rounds(form, data))
    assert send(world.browser(other), where, {**data, **first}).status_code in {403, 404, 409}
    assert send(world.browser("nobody"), where, data).status_code in {302, 404}
    assert not changed(before)


@pytest.mark.parametrize("checks", [False, True], ids=["read by the page", "read by the guard"])
@pytest.mark.parametrize("name", ["people:rename", "funds:project-new", "billing:join", "proposals:edit"])
def test_more_than_the_server_reads_is_a_page(name: str, checks: bool, world: World) -> None:
    row = ROWS[name]
    client = browser(world.people.get(row.who))
    where = address(name, world)
    client.get(where)
    client.handler.enforce_csrf_checks = checks
    before = content()
    answer = send(client, where, {**row.valid(world), "story": values.LONG * 2})
    assert answer.status_code == 400
    assert "longer than this site takes" in answer.content.decode()
    assert not changed(before)


HOST = "/desk/host/"

# The table is whole


def takes_post(view: Any) -> bool:
    made = getattr(view, "view_class", None)
    return made is None or hasattr(made, "post")


@pytest.mark.parametrize(
    "name", ["funds:project-edit", "tiers:edit", "goals:edit", "proposals:call-edit", "proposals:edit", "committee:rules"]
)
def test_an_edit_that_does_not_say_what_it_edits_is_stale(name: str, world: World) -> None:
    row = ROWS[name]
    before, data = content(), row.valid(world)
    answer = send(world.browser(row.who), address(name, world), {key: value for key, value in data.items() if key != "version"})
    assert answer.status_code == 409
    assert not lost(data, answer.context["form"], answer.content.decode())
    assert not changed(before)


def test_the_end_of_a_line_counts_as_the_browser_counts_it(world: World) -> None:
    row, story = ROWS["funds:project-edit"], "a\r\n" * 10_000
    data = {**row.valid(world), "story": story}
    assert send(world.browser(row.who), address("funds:project-edit", world), data).status_code == 302
    world.project.refresh_from_db()
    assert world.project.story == story.replace("\r\n", "\n").strip()


def test_a_rule_of_the_service_is_told_beside_its_field(world: World) -> None:
    """The service calls it `other`; on the page it is the address that was typed."""
    stranger = world.people["stranger"]
    answer = send(world.browser("stranger"), "/profile/relations/new/", {"email": stranger.email, "kind": "family"})
    assert answer.context["form"].errors["email"] == ["A relation is with somebody else."]


@pytest.mark.django_db
class TestFirstHost:
    """The set-up of an empty installation, which the world above has behind it."""

    DATA = {"name": "Fjord", "code": "fjord", "country": "NO", "currency": "USD", "fee": "2.5"}

    @pytest.fixture
    def installer(self) -> Client:
        return browser(user("First Installer", is_superuser=True))

    def test_a_bad_value_is_explained_kept_and_changes_nothing(self, installer: Client) -> None:
        form = installer.get(HOST).context["form"]
        before = content()
        tried = [*rounds(form, self.DATA), {"name": values.LONG}]
        tried += [{"currency": code} for code in ("XXX", "ZZZ", "U\u0130D", "12A")]
        tried += [{"country": code} for code in ("\u00dfa", "N1", "\U0001f642\U0001f642", "N O")]
        wrong = [fault for bad in tried for fault in faults(installer, HOST, self.DATA, bad)]
        assert not wrong, "\n".join(wrong)
        assert not changed(before)

    def test_a_repeated_press_makes_one_host(self, installer: Client) -> None:
        data = {**self.DATA, "once": str(uuid.uuid4())}
        assert [send(installer, HOST, data).status_code for _ in range(2)] == [302, 302]
        assert Host.objects.count() == 1

    def test_a_second_host_is_a_page_that_says_so(self, installer: Client) -> None:
        send(installer, HOST, self.DATA)
        answer = send(installer, HOST, {**self.DATA, "name": "Another"})
        assert answer.status_code == 409
        assert "has a host already" in answer.content.decode()

    def test_nobody_else_is_shown_the_form(self) -> None:
        stranger = browser(user())
        assert {send(stranger, HOST, {**self.DATA, "fee": fee}).status_code for fee in ("5", "five")} == {403}


@pytest.mark.django_db
class TestSignUp:
    """What Daybook adds to allauth's sign-up."""

    @pytest.mark.parametrize("name", [*values.LINES, values.EMPTY, "x" * 121])
    def test_a_name_is_one_line_that_can_be_seen(self, client: Client, name: str) -> None:
        answer = client.post("/accounts/signup/", {"name": name, "email": "new@example.org", "password1": "long enough to keep"})
        assert answer.status_code in {200, 422}
        assert answer.context["form"].errors["name"]
        assert not User.objects.exists()


def test_every_address_that_takes_a_post_has_a_row() -> None:
    found = {name for name, text, view in addresses(get_resolver().url_patterns)
             if takes_post(view) and not text.startswith(tuple(key for key in ELSEWHERE if key.endswith("/")))}  # fmt: skip
    assert found - set(ELSEWHERE) == set(ROWS)
