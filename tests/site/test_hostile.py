"""Somebody who means harm, at every address that takes a form: no token, forged links, fields that no form has, other sites' addresses."""

from __future__ import annotations

import copy
import json
import re
import uuid
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import signing
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from funding.funds.models import Project
from funding.payments.models import InboxEvent
from funding.people.models import RoleGrant, User
from sponsors.billing import links
from sponsors.sponsorships.models import Sponsorship
from tests.site import sequences
from tests.site.content import changed, content
from tests.site.forms import ROWS, address
from tests.site.world import World

LOCAL = [name for name, row in ROWS.items() if not row.processor]
"""Forms whose press needs no processor."""

UNCHOSEN = {
    "id": "1", "pk": "1", "user": "1", "user_id": "1", "actor": "1", "party": "1", "party_id": "1", "applicant": "1", "worker": "1",
    "worker_id": "1", "is_staff": "1", "is_superuser": "1", "is_active": "1", "state": "approved", "role": "admin", "amount_due": "1",
    "fund": "1", "fund_id": "1", "account": "1", "account_id": "1", "project_id": "1", "panel_id": "1", "seat_id": "1", "owner": "1",
    "approved_by": "1", "approved_by_id": "1", "released_by": "1", "prepared_by": "1", "decided_by": "1", "granted_by": "1",
    "host_fee_basis_points": "0", "fee_basis_points": "0", "currency_code": "JPY", "paid_through": "2099-01-01", "since": "2000-01-01",
    "until": "2099-01-01", "payouts_enabled": "1", "idempotency_key": "mine", "is_chair": "1", "eligible": "9", "quorum": "0",
}  # fmt: skip
"""Names of columns that no person chooses. A form that has one of them as a field keeps its own value."""

MADE_UP = (
    "id",
    "ref",
    "key",
    "mark",
    "token",
    "token_key",
    "revoked_at",
    "created",
    "expiry",
    "digest",
    "number",
    "code",
    "idempotency_key",
    "slug",
    "body",
    "key_at",
    "next_try_at",
    "next_look_at",
    "over_at",
)
"""Columns that differ from one press to the next, whatever was sent."""


def rows() -> dict[str, list[str]]:
    """Every row of every table without what is made up for it, so that two presses can be compared."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        for table in sorted(content()):
            cursor.execute(f'SELECT to_jsonb(t) - %s::text[] FROM "{table}" t', [list(MADE_UP)])
            found[table] = sorted(json.dumps(_plain(json.loads(row)), sort_keys=True) for (row,) in cursor.fetchall())
    return found


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Without keys to other rows of this press, whose numbers a sequence gave."""
    return {name: value for name, value in row.items() if not name.endswith("_id")}


class TestMassAssignment:
    @pytest.mark.parametrize("name", LOCAL)
    def test_a_field_that_the_form_does_not_have_changes_nothing(self, name: str, world: World) -> None:
        row = ROWS[name]
        if row.before is not None:
            row.before(world)
        where, sent = address(name, world), row.valid(world)
        browser = world.browser(row.who)
        own = _fields(browser, where)
        extra = {key: value for key, value in UNCHOSEN.items() if key not in sent and key not in own}
        found, numbers = [], sequences.read()
        cookies = copy.deepcopy(browser.cookies)
        for data in (sent, {**sent, **extra}):
            browser.cookies = copy.deepcopy(cookies)  # the press before may have signed this browser out
            sequences.write(numbers)  # a rollback gives no number back, and references are made of them
            with transaction.atomic():
                answered = browser.post(where, {"once": str(uuid.uuid4()), **data})
                found.append((answered.status_code, rows()))
                transaction.set_rollback(True)
        assert found[0][0] == found[1][0] == 302
        assert found[0][1] == found[1][1]

    def test_nobody_became_anything(self, world: World) -> None:
        """The names above are columns: were one of them taken, this is what it would look like."""
        before = (User.objects.filter(is_superuser=True).count(), RoleGrant.objects.count())
        browser = world.browser("stranger")
        browser.post(reverse("people:rename"), {"name": "Eve", "is_superuser": "1", "is_staff": "1", "email": "admin@example.org"})
        assert (User.objects.filter(is_superuser=True).count(), RoleGrant.objects.count()) == before
        assert get_user_model().objects.get(pk=world.people["stranger"].pk).email == "stranger.danger@example.org"


def _fields(browser: Client, where: str) -> set[str]:
    shown = browser.get(where)
    return set(shown.context["form"].fields) if shown.context is not None and "form" in shown.context else set()


@pytest.mark.parametrize("name", list(ROWS))
def test_a_press_from_another_site_is_refused(name: str, world: World) -> None:
    """No token, and the right person's cookie: what a page of somebody else's could make a browser send."""
    row = ROWS[name]
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = world.browser(row.who).cookies
    where, sent, before = address(name, world), row.valid(world), content()
    assert strict.post(where, sent, headers={"Origin": "https://evil.example"}).status_code == 403
    assert strict.post(where, sent).status_code == 403
    assert not changed(before)


class TestLinks:
    PAGES = ("paid", "stop", "card")

    @pytest.mark.parametrize("page", PAGES)
    def test_a_forged_link_leads_nowhere(self, page: str, world: World) -> None:
        token = links.sign(page, world.sponsorship.ref)
        ref, _, signature = token.rpartition(":")
        other = world.giving.sponsorship.ref
        forged = [
            f"{other}:{signature}",
            f"{ref}:{signature[:-1]}{'A' if signature[-1] != 'A' else 'B'}",
            ref,
            f"{ref}:",
            signing.Signer(salt="sponsors.billing.other").sign(ref),
            signing.Signer(key="not ours", salt=f"sponsors.billing.{page}").sign(ref),
            signing.dumps(ref),
        ]
        before = content()
        for attempt in forged:
            where = reverse(f"billing:{page}", args=[attempt])
            assert world.browser("nobody").get(where).status_code == 404, attempt
            if page != "paid":
                assert world.browser("nobody").post(where, {}).status_code == 404, attempt
        assert not changed(before)

    @pytest.mark.parametrize("page", PAGES)
    def test_a_link_opens_the_page_that_it_was_made_for_and_no_other(self, page: str, world: World) -> None:
        for other in set(self.PAGES) - {page}:
            token = links.sign(other, world.sponsorship.ref)
            assert world.browser("nobody").get(reverse(f"billing:{page}", args=[token])).status_code == 404

    def test_stopping_twice_with_one_link_is_one_stop(self, world: World) -> None:
        where = reverse("billing:stop", args=[world.signed("stop")])
        assert world.browser("nobody").post(where, {"once": str(uuid.uuid4())}).status_code == 302
        stopped = Sponsorship.objects.get(pk=world.sponsorship.pk)
        before = content()
        assert world.browser("nobody").post(where, {"once": str(uuid.uuid4())}).status_code == 302
        assert not changed(before)
        assert Sponsorship.objects.get(pk=stopped.pk).stopped_at == stopped.stopped_at

    def test_the_links_of_a_page_are_not_told_to_the_sites_that_it_leads_to(self, world: World) -> None:
        answer = world.browser("nobody").get(reverse("billing:stop", args=[world.signed("stop")]))
        assert answer["Referrer-Policy"] == "same-origin" and "no-store" in answer["Cache-Control"]
        assert answer["X-Robots-Tag"] == "noindex"


ELSEWHERE = ["https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "https:evil.example", "javascript:alert(1)"]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_address_sends_people_to_another_site(target: str, world: World) -> None:
    """Whatever stands in `next`, `return` or `back`, on the way in and out, and at every address of ours that moves people on."""
    ways = {"next": target, "return": target, "return_to": target, "back": target, "url": target, "continue": target}
    person = world.people["stranger"]
    person.set_password("correct horse battery")
    person.save()
    fresh = Client()
    answers = [fresh.get("/accounts/login/", ways)]
    answers.append(fresh.post("/accounts/login/", {"login": person.email, "password": "correct horse battery", **ways}))
    answers.append(fresh.post("/accounts/logout/", ways))
    answers += [world.browser("member 2").get(reverse("proposals:proposal", args=[world.undeclared.proposal.ref]), ways)]
    answers += [world.browser("nobody").get(reverse("people:desk"), ways)]
    for answered in answers:
        assert "evil.example" not in answered.get("Location", "").partition("?")[0]
        assert not answered.get("Location", "").startswith(("javascript:", "//", "/\\", "\\"))
        assert f'href="{target}"' not in answered.content.decode() and f'action="{target}"' not in answered.content.decode()


class TestText:
    """What a person wrote is text wherever it is shown: in a page, in a file, in the name of a file."""

    STORY = '<script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:alert(3)) <a href="//evil.example" onclick="x()">y</a>'

    def test_a_story_does_not_run(self, world: World) -> None:
        Project.objects.filter(pk=world.project.pk).update(story=self.STORY, summary=self.STORY[:200], headline=self.STORY[:120])
        for who in ("nobody", "lead", "admin"):
            for where in ("/", "/projects/", f"/projects/{world.project.slug}/", f"/reports/{world.project.slug}/2026-10/", "/sponsor/"):
                page = world.browser(who).get(where).content.decode()
                assert "<script>alert(1)" not in page and "<img src=x" not in page
                assert 'href="javascript:' not in page and not re.search(r"<[^>]*onclick=", page)

    def test_a_formula_in_a_file_is_text(self, world: World) -> None:
        from grants.timesheets.models import WorkEntry

        for formula in ('=HYPERLINK("https://evil.example")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"):
            WorkEntry.objects.filter(engagement=world.engagement).update(note=formula)
            file = world.browser("nobody").get(f"/reports/{world.project.slug}/2026-10.csv").content.decode()
            assert file.count("work,") > 0
            assert f',"{formula}' not in file and f",{formula}" not in file

    def test_the_name_of_a_file_is_ours(self, world: World) -> None:
        answer = world.browser("nobody").get(f"/reports/{world.project.slug}/2026-10.csv")
        assert answer["Content-Disposition"] == 'attachment; filename="quillon-2026-10.csv"'
        assert answer["X-Content-Type-Options"] == "nosniff"


class TestFlood:
    """Whoever sends without a signature stores nothing, whatever it sends; a body above the limit is not even read."""

    def test_unsigned_floods_store_nothing(self, world: World, client: Client) -> None:
        before = InboxEvent.objects.count()
        for number in range(300):
            answer = client.post(
                "/webhooks/stripe/", json.dumps({"id": f"evt_{number}"}), content_type="application/json",
                headers={"Stripe-Signature": f"t=1,v1={number:064d}"},
            )  # fmt: skip
            assert answer.status_code == 400
        assert InboxEvent.objects.count() == before

    def test_a_large_body_is_refused_by_its_length(self, client: Client) -> None:
        assert client.post("/webhooks/stripe/", "x" * (512 * 1024 + 1), content_type="application/json").status_code == 413
        assert client.post("/webhooks/stripe/", "{}", content_type="application/json", CONTENT_LENGTH="-1").status_code == 413
