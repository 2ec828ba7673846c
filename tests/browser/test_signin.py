"""Signing in where there is money: an app and a passkey, set up and used in a browser, with DEMO=0.

The site answers at http://localhost, where browsers offer passkeys; Chromium's virtual authenticator is the key that is touched.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ADMIN, Site, running_site, wait_until
from tests.browser.person import Person

KEY = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
       "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("letters")


@pytest.fixture(scope="module")
def strict_site(tmp_path_factory: pytest.TempPathFactory, letters: Path, migrated: str) -> Iterator[Site]:
    place = tmp_path_factory.mktemp("strict")
    with running_site(place, "strict", "localhost", migrated, DEMO="0", EMAIL_URL=f"filemail:///{letters}") as running:
        yield running


class Reader(Person):
    """Reads letters from the folder that the site sends them to, because there is no demo's mail to look at."""

    letters: Path

    def newest_mail(self) -> str:
        return str(wait_until(self._letter, f"a letter to {self.email}"))

    def _letter(self) -> str:
        for file in sorted(self.letters.glob("*"), key=lambda file: file.stat().st_mtime_ns, reverse=True):
            message = message_from_bytes(file.read_bytes())
            if self.email in str(message["To"]):
                return "State " + message.get_payload(decode=True).decode()  # type: ignore[union-attr]
        return ""


@pytest.fixture
def ada(browser: Browser, strict_site: Site, letters: Path) -> Iterator[Reader]:
    context = browser.new_context(base_url=strict_site.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    person = Reader(ADMIN[1], ADMIN[0], context.new_page())
    person.letters = letters
    yield person
    context.close()


def totp(secret: str, step: int) -> str:
    """RFC 6238 in its usual form, written from the RFC: SHA-1, six digits, half a minute."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


def enter_code(page: Page, secret: str, used: set[int]) -> None:
    """Type the code of now. One that was used already is refused by the site, so the next half minute is waited for."""
    wait_until(lambda: int(time.time()) // 30 not in used, "the next code")
    step = int(time.time()) // 30
    used.add(step)
    page.locator("main input[name=code]").fill(totp(secret, step))
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()


def sign_out(person: Person) -> None:
    person.go("/accounts/logout/").press("Sign out")


def password(person: Person) -> Page:
    person.go("/accounts/login/")
    person.page.locator("input[name=login]").fill(person.email)
    person.page.locator("input[name=password]").fill(ADMIN[2])
    person.page.locator("main form button[type=submit]").first.click()
    person.page.wait_for_load_state()
    return person.page


def test_an_app_then_a_passkey_open_what_a_password_alone_does_not(ada: Reader) -> None:
    page, used = ada.page, set[int]()
    ada.sign_in(ADMIN[2])

    # An act is stopped, and what was typed waits while the app is set up in another tab.
    ada.go("/desk/host/").enter("Name of the organisation", "Fjord Open Source Fund").enter("Short code", "fjord")
    ada.enter("Country", "Norway").enter("Currency", "USD")
    page.get_by_role("button", name="Set up").click()
    ada.sees("Set up a second factor first", "Nothing was done yet")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Set it up (opens a new tab)").click()
    tab = opened.value
    tab.get_by_role("link", name="Set up an app").click()
    secret = tab.locator("#secret").input_value()
    enter_code(tab, secret, used)
    expect(tab.locator("main")).to_contain_text("Recovery codes")
    codes = tab.locator("#recovery_codes").input_value().split()
    assert len(codes) == 10
    tab.close()
    page.get_by_role("button", name="Send what I entered").click()
    ada.sees("The host is set up", "Fjord Open Source Fund")

    # A password alone is not enough from now on; the app's code is, and a code of another secret is not.
    sign_out(ada)
    password(ada)
    ada.sees("Enter your second factor")
    page.locator("main input[name=code]").fill(totp("A" * 32, 1))
    page.locator("main form button[type=submit]").first.click()
    ada.sees("Incorrect code")
    enter_code(page, secret, used)
    expect(page.locator("header")).to_contain_text(ADMIN[1])

    # A passkey that signs in by itself is both factors.
    ada.go("/accounts/2fa/webauthn/add/")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.evaluate("document.dispatchEvent(new CustomEvent('allauth.error'))")  # as allauth tells that a key was not touched
    expect(page.get_by_role("alert")).to_contain_text("The key was not used")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    ada.go("/accounts/2fa/webauthn/add/")
    page.locator("main input[name=name]").fill("Ada’s phone")
    page.get_by_label("May sign in by itself").check()
    page.get_by_role("button", name="Add the key").click()
    page.wait_for_url(re.compile(r"/accounts/2fa/$"))
    ada.go("/accounts/2fa/webauthn/").sees("Ada’s phone", "Passkey")
    sign_out(ada)
    ada.go("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("header")).to_contain_text(ADMIN[1])
    ada.go("/desk/people/give/").enter("Their e-mail address", ADMIN[0]).enter("Role", "Auditor").enter("Where", "The host")
    ada.press("Give the role").sees("Auditor")

    # A recovery code stands in once.
    sign_out(ada)
    password(ada)
    page.locator("main input[name=code]").fill(codes[0])
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("header")).to_contain_text(ADMIN[1])
    sign_out(ada)
    password(ada)
    page.locator("main input[name=code]").fill(codes[0])
    page.locator("main form button[type=submit]").first.click()
    ada.sees("Incorrect code")
