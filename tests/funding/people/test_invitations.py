"""A role for somebody who has no account yet."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_logged_in
from django.test import Client

from funding.audit.models import Record
from funding.errors import Conflict, Invalid, Refused
from funding.mail.models import Message
from funding.people import invitations, roles
from funding.people.models import Invitation, User
from funding.people.roles import Role
from tests.funding.builders import browser, holder, host, user

pytestmark = pytest.mark.django_db
NEW = "tora@example.org"


@pytest.fixture
def admin() -> User:
    host()
    return holder(Role.ADMIN, name="Ada Berg")


def sign_up(email: str = NEW) -> User:
    """As allauth does it: the account first, and then the proof that the address is theirs."""
    person = user("Tora Maker", email=email)
    address = EmailAddress.objects.create(user=person, email=email, verified=True, primary=True)
    email_confirmed.send(sender=EmailAddress, request=None, email_address=address)
    return person


def test_the_role_begins_when_the_address_is_proven_and_in_the_name_of_who_invited(admin: User) -> None:
    invitations.invite(actor=admin, email="Tora@Example.org", role=Role.TREASURER)
    mail = Message.objects.get(kind="invited")
    assert mail.to == NEW and "/accounts/signup/" in mail.body and "Treasurer" in mail.body
    person = sign_up()
    assert roles.has(person, Role.TREASURER)
    assert person.role_grants.get().granted_by == admin
    assert Invitation.objects.get().state == "taken"


def test_an_account_alone_gives_nothing(admin: User) -> None:
    invitations.invite(actor=admin, email=NEW, role=Role.TREASURER)
    assert not roles.has(user("Tora Maker", email=NEW), Role.TREASURER)


def test_a_withdrawn_invitation_gives_nothing(admin: User) -> None:
    made = invitations.invite(actor=admin, email=NEW, role=Role.TREASURER)
    invitations.withdraw(actor=admin, invitation=made)
    assert not roles.has(sign_up(), Role.TREASURER)
    with pytest.raises(Conflict):
        invitations.withdraw(actor=admin, invitation=made)


def test_one_whose_inviter_may_give_no_roles_any_more_is_refused_and_says_why(admin: User) -> None:
    invitations.invite(actor=admin, email=NEW, role=Role.TREASURER)
    holder(Role.ADMIN, name="Second Admin")
    roles.end(actor=admin, user=admin, grant=admin.role_grants.get())
    assert not roles.has(sign_up(), Role.TREASURER)
    row = Invitation.objects.get()
    assert row.state == "refused" and "administrator" in row.reason
    assert Record.objects.filter(act="people.grant_role", outcome=Record.REFUSED).exists()


def test_an_invitation_of_last_month_is_not_taken(admin: User) -> None:
    made = invitations.invite(actor=admin, email=NEW, role=Role.TREASURER)
    Invitation.objects.update(invited_at=made.invited_at - invitations.LASTS - dt.timedelta(minutes=1))
    assert not roles.has(sign_up(), Role.TREASURER)
    assert Invitation.objects.get().reason == "The invitation was too old."


def test_one_withdrawn_while_it_is_taken_gives_nothing(admin: User) -> None:
    made = invitations.invite(actor=admin, email=NEW, role=Role.TREASURER)
    person = user("Tora Maker", email=NEW)
    invitations.withdraw(actor=admin, invitation=made)
    assert invitations._take(made.pk, person).state == "withdrawn"
    assert not roles.has(person, Role.TREASURER)


def test_a_second_address_that_was_proven_long_ago_takes_it_at_the_next_sign_in(admin: User) -> None:
    person = sign_up("tora@elsewhere.example")
    EmailAddress.objects.create(user=person, email=NEW, verified=True)
    invitations.invite(actor=admin, email=NEW, role=Role.TREASURER)
    user_logged_in.send(sender=User, request=None, user=person)
    assert roles.has(person, Role.TREASURER)


@pytest.mark.parametrize("invited_first", [True, False])
def test_an_account_made_in_advance_by_somebody_else_does_not_share_the_role(admin: User, invited_first: bool) -> None:
    """A stranger signs up with the address of the future treasurer and cannot prove it. She comes later, by a mailed code."""
    if invited_first:
        invitations.invite(actor=admin, email=NEW, role=Role.TREASURER)
    theirs = {"email": NEW, "name": "Tora Maker", "password1": "correct horse battery staple"}
    Client().post("/accounts/signup/", theirs)
    account = User.objects.get(email=NEW)
    if not invited_first:
        roles.grant(actor=admin, user=account, role=Role.TREASURER)

    owner = Client()
    owner.post("/accounts/login/code/", {"email": NEW})
    code = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", Message.objects.filter(kind="login_code").latest("pk").body, re.MULTILINE)
    assert code
    page = owner.post("/accounts/login/code/confirm/", {"code": code[1]}, follow=True)
    assert roles.has(account, Role.TREASURER)
    assert "It no longer works" in page.content.decode()
    assert owner.get("/desk/").status_code == 200

    stranger = Client()
    stranger.post("/accounts/login/", {"login": NEW, "password": theirs["password1"]})
    assert "_auth_user_id" not in stranger.session


def test_the_same_role_is_promised_once(admin: User) -> None:
    invitations.invite(actor=admin, email=NEW, role=Role.TREASURER)
    with pytest.raises(Conflict):
        invitations.invite(actor=admin, email=NEW.upper(), role=Role.TREASURER)


def test_only_administrators_invite_and_only_to_what_can_be_held(admin: User) -> None:
    with pytest.raises(Refused):
        invitations.invite(actor=user(), email=NEW, role=Role.TREASURER)
    with pytest.raises(Invalid):
        invitations.invite(actor=admin, email=NEW, role=Role.MAINTAINER)


def test_the_page_invites_who_has_no_account_and_lists_them_until_they_come(admin: User) -> None:
    page = browser(admin)
    page.post("/desk/people/give/", {"email": NEW, "role": "treasurer", "subject": "host"})
    html = page.get("/desk/people/").content.decode()
    assert f"{NEW} is invited" in html and "Withdraw" in html
    page.post(f"/desk/people/invitations/{Invitation.objects.get().pk}/withdraw/")
    assert NEW not in page.get("/desk/people/").content.decode().replace("Withdraw the invitation", "")
