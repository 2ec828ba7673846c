"""Plain functions that make people, roles, a host and a project for tests. Each makes one thing and says what it needs."""

from __future__ import annotations

import itertools
import time
from typing import Any

from allauth.mfa.models import Authenticator
from django.test import Client

from funding import clock
from funding.people.models import HOST, Host, Membership, Party, RoleGrant, User

_numbers = itertools.count(1)


def user(name: str = "", **fields: Any) -> User:
    """A user with a name of their own and an address made from it."""
    name = name or f"Person {next(_numbers)}"
    email = fields.pop("email", f"{name.lower().replace(' ', '.')}@example.org")
    return User.objects.create_user(email, fields.pop("password", None), name=name, **fields)


def give(person: User, role: str, subject: str = HOST) -> RoleGrant:
    """A role that begins today, given by nobody: as if it had always been there."""
    return RoleGrant.objects.create(user=person, role=role, subject=subject, since=clock.today())


def holder(role: str, subject: str = HOST, name: str = "") -> User:
    person = user(name)
    give(person, role, subject)
    return person


def organisation(name: str = "Northgate Bank", email: str = "") -> Party:
    return Party.objects.create(kind=Party.Kind.ORGANISATION, name=name, email=email, created_at=clock.now())


def own_party(person: User) -> Party:
    party = Party.objects.create(kind=Party.Kind.PERSON, name=person.name, email=person.email, created_at=clock.now())
    tie(person, party, Membership.Role.OWNER)
    return party


def tie(person: User, party: Party, role: str = Membership.Role.EMPLOYEE) -> Membership:
    return Membership.objects.create(user=person, party=party, role=role, created_at=clock.now())


def host(name: str = "Fjord Open Source Fund", currency: str = "USD", fee_basis_points: int = 500) -> Host:
    party = organisation(name, "books@fjord.example")
    return Host.objects.create(party=party, name=name, code="fjord", currency=currency, fee_basis_points=fee_basis_points)


def browser(person: User | None = None, *, factor: bool = True) -> Client:
    """A client that is signed in as `person`, with a second factor shown just now, or as nobody. `factor=False` leaves that out."""
    client = Client()
    if person is not None:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        if factor:
            show_factor(client, person)
    return client


def passkey(person: User) -> Authenticator:
    """A second factor that is set up. Nothing can be signed with it."""
    return Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "A key", "credential": {}})


def show_factor(client: Client, person: User, *, seconds_ago: float = 0) -> None:
    """Note in the session what allauth notes after a second factor."""
    held = Authenticator.objects.filter(user=person).first() or passkey(person)
    session = client.session
    session["account_authentication_methods_user"] = str(person.pk)
    session["account_authentication_methods"] = [
        {"method": "mfa", "type": held.type, "id": held.pk, "at": time.time() - seconds_ago, "reauthenticated": True}
    ]
    session.save()
