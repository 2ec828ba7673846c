"""The second factor: who needs one, when one counts as shown, and who takes one away."""

from __future__ import annotations

import html
import re
import time
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.core.management import CommandError, call_command
from django.test import Client

from funding import clock
from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused, Unavailable
from funding.mail.models import Message
from funding.people import factors, roles
from funding.people.models import HOST, RoleGrant, User
from funding.people.roles import Role
from tests.funding import builders

pytestmark = pytest.mark.django_db
GIVE = "/desk/people/give/"
LATER = 601
"""Seconds after which a shown factor is no longer fresh."""


def over(role: str) -> str:
    kind = roles.HELD_OVER[role]
    return HOST if kind == HOST else f"{kind}:core"


class TestWhoNeedsOne:
    @pytest.mark.parametrize("role", Role.values)
    def test_every_role_does_while_it_lasts(self, role: str) -> None:
        person = builders.user()
        assert not factors.needed(person)
        grant = builders.give(person, role, over(role))
        assert factors.needed(person)
        RoleGrant.objects.filter(pk=grant.pk).update(until=clock.today())
        assert not factors.needed(person)

    def test_staff_and_the_installer_do(self) -> None:
        assert factors.needed(builders.user(is_superuser=True))
        assert factors.needed(builders.user(is_staff=True))
        assert not factors.needed(AnonymousUser())


class TestWhatCounts:
    def refused(self, browser: Client) -> bool:
        answer = browser.post(GIVE, {"email": "no address", "role": "auditor", "subject": "host"})
        assert answer.status_code in {403, 422}
        return answer.status_code == 403

    def test_a_session_without_one_acts_nowhere_and_one_with_it_does(self) -> None:
        admin = builders.holder(Role.ADMIN)
        assert self.refused(builders.browser(admin, factor=False))
        assert not self.refused(builders.browser(admin))

    def test_having_one_is_not_showing_it(self) -> None:
        admin = builders.holder(Role.ADMIN)
        builders.passkey(admin)
        assert self.refused(builders.browser(admin, factor=False))

    def test_one_that_was_taken_away_counts_no_more(self) -> None:
        admin, other = builders.holder(Role.ADMIN), builders.holder(Role.ADMIN)
        browser = builders.browser(admin)
        factors.reset(actor=other, user=admin, reason="Lost the phone.")
        builders.passkey(admin)
        browser.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
        assert self.refused(browser)

    def test_somebody_elses_counts_nothing(self) -> None:
        admin, other = builders.holder(Role.ADMIN), builders.user()
        browser = builders.browser(admin, factor=False)
        builders.show_factor(browser, other)
        assert self.refused(browser)
        session = browser.session
        session["account_authentication_methods_user"] = str(admin.pk)
        session.save()
        assert self.refused(browser)

    def test_the_demo_stands_in_for_it(self, settings: Any) -> None:
        settings.DEMO, settings.ROOT_URLCONF = True, "tests.funding.site.demo.addresses"
        assert not self.refused(builders.browser(builders.holder(Role.ADMIN), factor=False))

    def test_an_act_about_roles_takes_one_shown_just_now(self) -> None:
        admin = builders.holder(Role.ADMIN)
        browser = builders.browser(admin, factor=False)
        builders.show_factor(browser, admin, seconds_ago=LATER)
        answer = browser.post(GIVE, {"email": "bo@example.org", "role": "auditor", "subject": "host"})
        assert answer.status_code == 403
        assert "within the last 10 minutes" in answer.content.decode()
        assert browser.post("/profile/name/", {"name": "New Name"}).status_code == 302
        builders.show_factor(browser, admin)
        assert not self.refused(browser)

    def test_a_note_from_the_future_is_not_fresh(self) -> None:
        admin = builders.holder(Role.ADMIN)
        browser = builders.browser(admin, factor=False)
        builders.show_factor(browser, admin, seconds_ago=-3_600)
        assert self.refused(browser)


class TestWhatIsShown:
    def test_nothing_is_done_and_what_was_typed_waits_on_the_page(self) -> None:
        admin = builders.holder(Role.ADMIN)
        builders.user(email="bo@example.org")
        browser = builders.browser(admin, factor=False)
        typed = {"email": "bo@example.org", "role": "auditor", "subject": "host", "once": "6a1d8f2e-6f0a-4d0e-9d33-0d8a8f0e7c11"}
        answer = browser.post(GIVE, typed)
        page = answer.content.decode()
        assert "Nothing was done yet" in page and "Set up a second factor first" in page
        for name, value in typed.items():
            assert f'name="{name}" value="{value}"' in page
        assert not RoleGrant.objects.filter(role=Role.AUDITOR).exists()
        builders.show_factor(browser, admin)
        assert browser.post(GIVE, typed).status_code == 302
        assert RoleGrant.objects.filter(role=Role.AUDITOR).count() == 1

    def test_what_was_typed_is_text_and_a_password_is_never_written_down(self) -> None:
        admin = builders.holder(Role.ADMIN)
        browser = builders.browser(admin, factor=False)
        page = browser.post(GIVE, {"email": '"><script>alert(1)</script>'}).content.decode()
        assert "<script>alert" not in page
        builders.passkey(admin)
        page = browser.post("/accounts/password/change/", {"oldpassword": "the old secret", "password1": "a new secret"}).content.decode()
        assert "Show that it is you" in page and "secret" not in page

    def test_the_inspection_admin_is_closed_wholly(self) -> None:
        person = builders.user(is_staff=True, is_superuser=True)
        browser = builders.browser(person, factor=False)
        answer = browser.get("/admin/people/user/")
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/?next=%2Fadmin%2Fpeople%2Fuser%2F")
        builders.show_factor(browser, person)
        assert browser.get("/admin/people/user/").status_code == 200

    def test_the_admin_has_no_door_of_its_own(self, client: Client) -> None:
        person = builders.user(is_staff=True, is_superuser=True, password="a long demo password")
        answer = client.post("/admin/login/", {"username": person.email, "password": "a long demo password"})
        assert (answer.status_code, answer["Location"][:16]) == (302, "/accounts/login/")
        assert "_auth_user_id" not in client.session


class TestReset:
    def test_an_administrator_takes_it_away_and_the_person_is_told_and_signed_out(self) -> None:
        admin, person = builders.holder(Role.ADMIN), builders.holder(Role.TREASURER, name="Tove Lind")
        browser = builders.browser(person)
        where = f"/desk/people/{person.pk}/second-factor/reset/"
        assert "Tove Lind" in builders.browser(admin).get(where).content.decode()
        answer = builders.browser(admin).post(where, {"reason": "Lost the phone; I called her."})
        assert (answer.status_code, answer["Location"]) == (302, "/desk/people/")
        assert not factors.has(person)
        assert browser.get("/profile/").status_code == 302
        row = Record.objects.get(act="people.reset_factors")
        assert (row.actor_id, row.subject, row.reason) == (admin.pk, "Tove Lind", "Lost the phone; I called her.")
        message = Message.objects.get(kind="factors_reset")
        assert message.to == person.email and str(admin) in message.body

    @pytest.mark.parametrize("role", [None, *(role for role in Role.values if role != Role.ADMIN)])
    def test_nobody_else_does(self, role: str | None) -> None:
        person, actor = builders.holder(Role.TREASURER), builders.holder(role, over(role)) if role else builders.user()
        builders.passkey(person)
        with pytest.raises(Refused) as caught:
            factors.reset(actor=actor, user=person, reason="Please.")
        assert caught.value.rule == "role"
        assert factors.has(person)
        assert builders.browser(actor).post(f"/desk/people/{person.pk}/second-factor/reset/", {"reason": "x"}).status_code == 403

    def test_never_on_oneself(self) -> None:
        admin = builders.holder(Role.ADMIN)
        builders.passkey(admin)
        with pytest.raises(Refused) as caught:
            factors.reset(actor=admin, user=admin, reason="Please.")
        assert caught.value.rule == "self"
        assert factors.has(admin)
        assert Record.objects.get(act="people.reset_factors").outcome == Record.REFUSED

    def test_needs_a_reason_and_something_to_reset(self) -> None:
        admin, person = builders.holder(Role.ADMIN), builders.user()
        with pytest.raises(Conflict):
            factors.reset(actor=admin, user=person, reason="Lost.")
        builders.passkey(person)
        with pytest.raises(Invalid):
            factors.reset(actor=admin, user=person, reason="  ")


class TestTheOperatorsCommand:
    def test_lets_the_only_administrator_in_again(self) -> None:
        admin, out = builders.holder(Role.ADMIN), StringIO()
        builders.passkey(admin)
        call_command("reset_factors", "--email", admin.email, "--reason", "The only administrator; we met.", stdout=out)
        assert "taken away: 1" in out.getvalue()
        assert not factors.has(admin)
        assert Record.objects.get(act="people.reset_factors").actor_label == "Daybook"

    @pytest.mark.parametrize(
        "arguments", [["--email", "nobody@example.org", "--reason", "x"], ["--reason", "x"], ["--email", "a@example.org"]]
    )
    def test_says_what_is_missing(self, arguments: list[str]) -> None:
        builders.passkey(builders.user(email="a@example.org"))
        with pytest.raises(CommandError):
            call_command("reset_factors", *arguments)


class TestTheLastOne:
    def remove(self, person: User, key: Authenticator) -> int:
        return builders.browser(person).post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/").status_code

    @pytest.mark.django_db(transaction=True)
    def test_stays_while_a_role_needs_it_and_the_attempt_is_kept(self) -> None:
        person = builders.holder(Role.TREASURER)
        key = builders.passkey(person)
        assert self.remove(person, key) == 403
        assert factors.has(person)
        row = Record.objects.get(act="people.remove_factor")
        assert (row.outcome, row.rule) == (Record.REFUSED, "last-factor")
        other = builders.passkey(person)
        assert self.remove(person, key) == 302
        assert factors.listed(person) == [other]
        assert Record.objects.filter(act="people.remove_factor", outcome=Record.DONE).count() == 1

    def test_of_somebody_without_a_role_goes(self) -> None:
        person = builders.user()
        assert self.remove(person, builders.passkey(person)) == 302
        assert not factors.has(person)

    def test_is_not_offered_for_removal(self) -> None:
        """allauth asks before it shows the button and takes the form of an authenticator app."""
        person = builders.holder(Role.TREASURER)
        key = builders.passkey(person)
        assert not get_adapter().can_delete_authenticator(key)
        builders.passkey(person)
        assert get_adapter().can_delete_authenticator(key)

    @pytest.mark.django_db(transaction=True)
    def test_stays_whatever_deletes_it(self) -> None:
        person = builders.holder(Role.TREASURER)
        with pytest.raises(Refused):
            builders.passkey(person).delete()
        with pytest.raises(Refused):
            Authenticator.objects.filter(user=person).delete()


class TestSecrets:
    def test_are_not_readable_in_a_copy_of_the_database(self, settings: Any) -> None:
        kept = get_adapter().encrypt("JBSWY3DPEHPK3PXP")
        assert "JBSWY3DPEHPK3PXP" not in kept
        assert get_adapter().decrypt(kept) == "JBSWY3DPEHPK3PXP"
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
        assert get_adapter().decrypt(kept) == "JBSWY3DPEHPK3PXP"

    def test_that_cannot_be_read_are_not_taken_for_empty_ones(self, settings: Any) -> None:
        kept = get_adapter().encrypt("JBSWY3DPEHPK3PXP")
        settings.SECRET_KEY = "another"
        with pytest.raises(Unavailable):
            get_adapter().decrypt(kept)


def test_a_password_alone_changes_no_factor() -> None:
    """Somebody holds an open session and the password, but not the phone."""
    person = builders.holder(Role.TREASURER, name="Tove Lind")
    person.set_password("a long demo password")
    person.save()
    browser = builders.browser(person, factor=False)
    builders.show_factor(browser, person, seconds_ago=LATER)
    browser.post("/accounts/reauthenticate/", {"password": "a long demo password"})
    assert [record["method"] for record in browser.session["account_authentication_methods"]] == ["mfa"]
    for address in ("totp/activate/", "webauthn/add/", "recovery-codes/generate/", f"webauthn/keys/{factors.listed(person)[0].pk}/remove/"):
        assert browser.post(f"/accounts/2fa/{address}").status_code == 403, address
    assert browser.post("/accounts/email/", {"email": "thief@example.org", "action_add": ""}).status_code == 403
    assert browser.get("/accounts/2fa/recovery-codes/").status_code == 302
    assert Authenticator.objects.filter(user=person).count() == 1


def test_the_mail_about_a_role_says_that_it_needs_one() -> None:
    roles.grant(actor=builders.holder(Role.ADMIN), user=builders.user(), role=Role.TREASURER)
    assert "second factor" in Message.objects.get(kind="role_given").body


def test_the_profile_and_the_list_of_people_say_what_is_set_up() -> None:
    admin, person = builders.holder(Role.ADMIN), builders.holder(Role.TREASURER, name="Tove Lind")
    browser = builders.browser(person, factor=False)
    assert "Your role needs a second factor" in browser.get("/desk/").content.decode()
    assert "None yet" in browser.get("/profile/").content.decode()
    people = builders.browser(admin)
    assert "No second factor" in people.get("/desk/people/?q=Tove").content.decode()
    builders.passkey(person)
    assert "Your role needs a second factor" not in browser.get("/desk/").content.decode()
    assert "1 passkey" in browser.get("/profile/").content.decode()
    page = people.get("/desk/people/?q=Tove").content.decode()
    assert "No second factor" not in page and f"/desk/people/{person.pk}/second-factor/reset/" in page


class TestTheFirstWayIn:
    """Somebody who signs in by mailed codes has nothing else to be asked for, so a new code is what is asked."""

    WHERE = ("/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/", "/accounts/password/set/")

    def signed_in(self, seconds_ago: float) -> Client:
        person = builders.user()
        client = builders.browser(person, factor=False)
        session = client.session
        session["account_authentication_methods_user"] = str(person.pk)
        session["account_authentication_methods"] = [{"method": "code", "email": person.email, "at": time.time() - seconds_ago}]
        session.save()
        return client

    @pytest.mark.parametrize("where", WHERE)
    def test_an_old_session_sets_up_nothing(self, where: str) -> None:
        client = self.signed_in(LATER)
        for answer in (client.get(where), client.post(where, {"code": "123456"})):
            assert answer.status_code == 403
            assert "Sign in once more first" in answer.content.decode()

    @pytest.mark.parametrize("where", WHERE)
    def test_one_that_was_begun_just_now_does(self, where: str) -> None:
        assert self.signed_in(5).get(where).status_code == 200

    def test_nor_does_it_add_an_address(self) -> None:
        client = self.signed_in(LATER)
        assert client.get("/accounts/email/").status_code == 200
        assert client.post("/accounts/email/", {"action_add": "", "email": "thief@example.org"}).status_code == 403

    def test_the_button_leads_to_a_new_code_and_back(self) -> None:
        client = self.signed_in(LATER)
        page = client.get(self.WHERE[0]).content.decode()
        found = re.search(r'name="next" value="([^"]+)"', page)
        assert found
        answer = client.post("/accounts/logout/", {"next": html.unescape(found[1])})
        assert answer["Location"] == "/accounts/login/code/?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"

    def test_whoever_has_a_password_is_asked_for_it(self) -> None:
        person = builders.user(password="correct horse battery")
        answer = builders.browser(person, factor=False).get(self.WHERE[0])
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/reauthenticate/")
