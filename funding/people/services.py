"""Verbs about people and parties: the first host, who acts for whom, what was declared."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited, record
from funding.errors import Conflict, Invalid, Refused
from funding.money import exponent
from funding.people import roles, signals
from funding.people.models import Bar, Host, Membership, Party, RoleGrant, User
from funding.people.ties import (
    confirm_relation,
    contest_relation,
    declare_by_address,
    declare_relation,
    set_months,
    settle_relation,
    withdraw_relation,
)


@audited("people.create_host", subject="name")
def create_host(*, actor: User, name: str, code: str, currency: str, country: str, fee_basis_points: int) -> Host:
    """Open the installation: the host's party, its currency and its fee. The actor becomes its first administrator.

    Raises Refused for anybody but the superuser of an empty installation, Conflict if there is a host, Invalid.
    """
    if not roles.may_manage_people(actor):
        raise Refused(_("Only the person who installed this site sets it up."), rule="role")
    if Host.get() is not None:
        raise Conflict(_("This installation has a host already."))
    exponent(currency)
    if not 0 <= fee_basis_points <= 5_000:
        raise Invalid(_("The host's share is between 0 and 50 percent."), field="fee")
    party = Party.objects.create(kind=Party.Kind.ORGANISATION, name=name, email=actor.email, country=country, created_at=clock.now())
    host = Host.objects.create(party=party, name=name, code=code, currency=currency, fee_basis_points=fee_basis_points)
    Membership.objects.create(user=actor, party=party, role=Membership.Role.EMPLOYEE, created_at=clock.now())
    if not roles.has(actor, RoleGrant.Role.ADMIN):
        RoleGrant.objects.create(user=actor, role=RoleGrant.Role.ADMIN, subject="host", since=clock.today(), granted_by=actor)
    return host


@transaction.atomic
def person_party(*, user: User) -> Party:
    """The party through which this person pays or is paid as themselves; made on first use."""
    User.objects.select_for_update().get(pk=user.pk)
    own = (
        Party.objects.filter(kind=Party.Kind.PERSON, memberships__user=user, memberships__role=Membership.Role.OWNER).order_by("pk").first()
    )
    if own is not None:
        return own
    party = Party.objects.create(kind=Party.Kind.PERSON, name=user.name, email=user.email, created_at=clock.now())
    Membership.objects.create(user=user, party=party, role=Membership.Role.OWNER, created_at=clock.now())
    return party


@transaction.atomic
def create_party(*, kind: str, name: str, email: str, country: str = "", owner: User | None = None) -> Party:
    """A party for somebody who signs up. With an `owner`, that user acts for it at once."""
    party = Party.objects.create(kind=kind, name=name, email=email.lower(), country=country, created_at=clock.now())
    if owner is not None:
        Membership.objects.create(user=owner, party=party, role=Membership.Role.OWNER, created_at=clock.now())
    return party


@transaction.atomic
def claim_parties(*, user: User, email: str) -> list[Party]:
    """Let a user act for the parties that signed up with their verified address and that nobody acts for yet.

    People who only work there do not count: anybody may name a workplace, and that must not keep its owner out. The
    host's own party is nobody's to claim: its people act through their roles.
    """
    if not email:
        return []
    acted_for = Membership.objects.filter(role=Membership.Role.OWNER).values("party")
    unclaimed = Party.objects.select_for_update(of=("self",)).filter(email=email.lower())
    unclaimed = unclaimed.exclude(pk__in=acted_for).exclude(pk__in=Host.objects.values("party"))
    parties = list(unclaimed)
    for party in parties:
        Membership.objects.update_or_create(
            user=user,
            party=party,
            until=None,
            defaults={"role": Membership.Role.OWNER},
            create_defaults={"role": Membership.Role.OWNER, "created_at": clock.now()},
        )
        record(actor=user, act="people.claim_party", subject=f"party:{party.pk}")
    if parties:
        signals.ties_changed.send(sender=Membership, users=[user])
    return parties


@audited("people.rename", subject="actor")
def rename(*, actor: User, name: str, unnamed: bool) -> User:
    """Change one's own name, and that of the party through which one pays or is paid as oneself. Issued documents keep theirs.

    `unnamed`: public pages tell what one asks for and is paid for without it.
    """
    name = " ".join(name.split())
    if not name:
        raise Invalid(_("Enter a name."), field="name")
    actor.name, actor.unnamed = name, unnamed
    actor.save(update_fields=["name", "unnamed"])
    own = Membership.objects.filter(user=actor, role=Membership.Role.OWNER, party__kind=Party.Kind.PERSON)
    Party.objects.filter(pk__in=own.values("party")).update(name=name)
    return actor


def workplaces() -> list[str]:
    """The organisations that somebody here works for, by name. Not every organisation: a sponsor may want to stay unknown."""
    known = Party.objects.filter(kind=Party.Kind.ORGANISATION, memberships__role=Membership.Role.EMPLOYEE, memberships__until=None)
    return sorted(set(known.values_list("name", flat=True)), key=str.casefold)


@audited("people.name_employer", subject="name")
def name_employer(*, actor: User, name: str) -> Membership:
    """Say by name where you work: an organisation that is known here under this name, or a new one.

    Letter case and spaces do not matter; one that somebody acts for comes first. Raises Invalid for an empty name, and when
    it is listed already.
    """
    name = " ".join(name.split())
    if not name:
        raise Invalid(_("Enter the name of the organisation."), field="name")
    known = Party.objects.filter(kind=Party.Kind.ORGANISATION, name__iexact=name)
    if Membership.objects.filter(user=actor, party__in=known, until=None).exists():
        raise Invalid(_("You are listed with {name} already.").format(name=name), field="name")
    acted_for = Membership.objects.filter(party=OuterRef("pk"), role=Membership.Role.OWNER)
    party = known.order_by(Exists(acted_for).desc(), "pk").first()
    if party is None:
        # Without an address nobody can claim it by signing up: it is a workplace until somebody who acts for it signs up themselves.
        party = Party.objects.create(kind=Party.Kind.ORGANISATION, name=name, email="", created_at=clock.now())
    return _works_at(actor, party)


@audited("people.leave_employer", subject="party")
def leave_employer(*, actor: User, party: Party) -> None:
    """Say that you no longer work there from today. The tie counts for the cooling months still, and what you stepped back from stays.

    What was named today is taken off as an error. Raises Conflict.
    """
    found = Membership.objects.select_for_update().filter(user=actor, party=party, role=Membership.Role.EMPLOYEE, until=None).first()
    if found is None:
        raise Conflict(_("You are not listed with {party}.").format(party=party))
    if found.created_at.astimezone(dt.UTC).date() == clock.today():
        found.delete()
        return
    found.until = clock.today()
    found.save(update_fields=["until"])


@audited("people.set_employer", subject="party")
def set_employer(*, actor: User, party: Party) -> Membership:
    """Say where you work. The independence gate reads it; nothing else does."""
    try:
        with transaction.atomic():
            return _works_at(actor, party)
    except IntegrityError:
        raise Conflict(_("You are listed with {party} already.").format(party=party)) from None


def _works_at(user: User, party: Party) -> Membership:
    membership = Membership.objects.create(user=user, party=party, role=Membership.Role.EMPLOYEE, created_at=clock.now())
    signals.ties_changed.send(sender=Membership, users=[user])
    return membership


def bar(*, user: User, subject: str, reason: str) -> Bar:
    """Record that `user` stepped back from `subject`. Safe to repeat; the first reason stays."""
    row, _created = Bar.objects.get_or_create(user=user, subject=subject, defaults={"reason": reason[:300], "created_at": clock.now()})
    return row


def lift_bar(*, user: User, subject: str) -> None:
    """Take back a bar whose only ground turned out not to exist. A bar that somebody asked for themselves is never lifted."""
    Bar.objects.filter(user=user, subject=subject).delete()


__all__ = [
    "bar",
    "claim_parties",
    "confirm_relation",
    "contest_relation",
    "create_host",
    "create_party",
    "declare_by_address",
    "declare_relation",
    "leave_employer",
    "lift_bar",
    "name_employer",
    "person_party",
    "rename",
    "set_employer",
    "set_months",
    "settle_relation",
    "withdraw_relation",
    "workplaces",
]
