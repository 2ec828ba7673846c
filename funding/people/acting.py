"""Who acts for an organisation: signs for it, sees its payments, and says where it is paid.

People who pay for an organisation act for it since they signed up. One that somebody only named as a workplace has nobody;
an administrator names somebody here. Where money waits for the organisation, a second person agrees first.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.people import independence, roles, signals
from funding.people.models import ActingChange, Host, Membership, Party, User

State = ActingChange.State
Stake = Callable[[Party], bool]

_stakes: list[Stake] = []


def register_stake(stake: Stake) -> None:
    """`stake(party)` is true when money waits for the organisation, so that a change of who acts for it takes two people."""
    if stake not in _stakes:
        _stakes.append(stake)


def takes_two(party: Party) -> bool:
    return any(stake(party) for stake in _stakes)


def organisations() -> QuerySet[Party]:
    """Those somebody could act for; the host's own people act through their roles."""
    found = Party.objects.filter(kind=Party.Kind.ORGANISATION).exclude(pk__in=Host.objects.values("party"))
    return found.order_by("name", "pk")


def owners(party: Party) -> QuerySet[User]:
    return User.objects.filter(memberships__party=party, memberships__role=Membership.Role.OWNER).order_by("name", "pk")


def waiting() -> QuerySet[ActingChange]:
    return ActingChange.objects.filter(state=State.ASKED).select_related("party", "user", "asked_by").order_by("pk")


def may_decide(user: roles.Viewer) -> bool:
    return roles.has_any(user, {roles.Role.ADMIN, roles.Role.TREASURER})


@audited("people.change_acting", subject="party")
def ask(*, actor: User, party: Party, user: User, begins: bool, reason: str) -> ActingChange:
    """Name somebody who acts for an organisation from now on (`begins`), or end that. Done at once, or waiting for a second person.

    Raises Refused (role; self: about oneself), Invalid (no reason; nothing would change), Conflict when one waits already.
    """
    roles.require(actor, roles.Role.ADMIN)
    if user == actor:
        raise Refused(_("Another administrator has to do this about you."), rule="self")
    if not reason.strip():
        raise Invalid(_("Say how you know."), field="reason")
    locked = Party.objects.select_for_update().get(pk=party.pk)
    if not organisations().filter(pk=locked.pk).exists():
        raise Invalid(_("Only for organisations other than the host."))
    if owners(locked).filter(pk=user.pk).exists() == begins:
        words = _("{user} acts for it already.") if begins else _("{user} does not act for it.")
        raise Invalid(words.format(user=user), field="email")
    try:
        with transaction.atomic():
            change = ActingChange.objects.create(
                party=locked, user=user, begins=begins, reason=reason.strip()[:300], asked_by=actor, asked_at=clock.now()
            )
    except IntegrityError:
        raise Conflict(_("The same was asked for already. It waits for a second person.")) from None
    if takes_two(locked):
        signals.acting_asked.send(sender=ActingChange, change=change)
        return change
    return _do(change, None)


@audited("people.decide_acting", subject="change")
def decide(*, actor: User, change: ActingChange, agree: bool) -> ActingChange:
    """Agree to what an administrator asked for, or decline it. Another administrator, or a treasurer.

    Raises Refused (role, prepared, benefits, relation: not who asked, not whom it is about), Conflict when it is decided.
    """
    roles.require(actor, roles.Role.ADMIN, roles.Role.TREASURER)
    Party.objects.select_for_update().get(pk=change.party_id)
    locked = ActingChange.objects.select_for_update(of=("self",)).select_related("party", "user", "asked_by").get(pk=change.pk)
    independence.require(actor, _("decide this"), prepared_by=[locked.asked_by], beneficiaries=[locked.user, locked.party])
    if locked.state != State.ASKED:
        raise Conflict(_("This is decided already."))
    if agree:
        return _do(locked, actor)
    locked.state, locked.decided_by, locked.decided_at = State.DECLINED, actor, clock.now()
    locked.save()
    return locked


def _do(change: ActingChange, agreed_by: User | None) -> ActingChange:
    before = ", ".join(str(user) for user in owners(change.party))
    if change.begins:
        Membership.objects.update_or_create(
            user=change.user,
            party=change.party,
            defaults={"role": Membership.Role.OWNER},
            create_defaults={"role": Membership.Role.OWNER, "created_at": clock.now()},
        )
    else:
        Membership.objects.filter(user=change.user, party=change.party, role=Membership.Role.OWNER).delete()
    change.state, change.decided_by, change.decided_at = State.DONE, agreed_by, clock.now()
    change.save()
    signals.acting_changed.send(sender=ActingChange, change=change, before=before)
    return change
