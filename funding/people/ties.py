"""The register of ties between people: declared by either of them, contested by whoever was named, settled by somebody tied to neither.

Where somebody works is the other half of the register (`Membership`, in services.py). Both halves count for some months after
they ended, so that leaving an employer for a day is no way around the rule. What follows from a tie is decided elsewhere: by
the gate in independence.py, and by panels that look again when `ties_changed` is sent.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.people import independence, roles, signals
from funding.people.lookback import cooling_since
from funding.people.models import Host, Relation, User

State = Relation.State
MOST_MONTHS = 60
LONGEST_ADDRESS = 254
"""In small letters, which may be more of them than were typed."""


@audited("people.declare_relation", subject="actor")
def declare_relation(*, actor: User, other: User, kind: str, words: str = "", address: str = "") -> Relation:
    """Declare a tie with another user, who is told of it by mail. It binds the actor at once. A repeat returns the first.

    `address` is what the actor typed, where they named somebody by it. Raises Invalid (oneself, an unknown kind), Refused (rule
    dismissed) when the same tie was dismissed and is still within the months in which a tie counts: whoever was named may declare
    it, nobody else.
    """
    if other == actor:
        raise Invalid(_("A relation is with somebody else."), field="other")
    _check_kind(kind)
    present = Relation.objects.filter(user=actor, other=other, until=None).exclude(state=State.DISMISSED).first()
    if present is not None:
        return present
    if Relation.objects.filter(user=actor, other=other, state=State.DISMISSED, settled_at__date__gt=cooling_since()).exists():
        raise Refused(_("This relation was looked at and dismissed. Only the other person can declare it now."), rule="dismissed")
    relation = Relation.objects.create(user=actor, other=other, address=address, kind=kind, words=_short(words), declared_at=clock.now())
    _tell(relation)
    return relation


def declare_by_address(*, actor: User, address: str, kind: str, words: str = "") -> Relation:
    """The same with whoever has this address, now or one day. Nothing that comes back tells whether somebody has it here.

    Raises as `declare_relation` does.
    """
    address = address.strip().lower()
    if len(address) > LONGEST_ADDRESS:
        raise Invalid(_("This address is too long to be one."), field="other")
    other = User.objects.filter(email=address).first()
    if other is not None:
        return declare_relation(actor=actor, other=other, kind=kind, words=words, address=address)
    return _declare_unknown(actor=actor, address=address, kind=kind, words=words)


@audited("people.declare_relation", subject="actor")
def _declare_unknown(*, actor: User, address: str, kind: str, words: str) -> Relation:
    _check_kind(kind)
    found, _created = Relation.objects.get_or_create(
        user=actor, other=None, address=address, until=None, defaults={"kind": kind, "words": _short(words), "declared_at": clock.now()}
    )
    return found


@transaction.atomic
def claim_relations(*, user: User, email: str) -> None:
    """Somebody proved that an address is theirs: what was declared with it is declared with them, and they are told."""
    waiting = Relation.objects.select_for_update(of=("self",)).filter(other=None, address=email.lower(), until=None)
    for relation in waiting.exclude(user=user).select_related("user"):
        if not Relation.objects.filter(user=relation.user, other=user, until=None).exists():
            relation.other = user
            relation.save(update_fields=["other"])
            _tell(relation)


@audited("people.confirm_relation", subject="relation")
def confirm_relation(*, actor: User, relation: Relation) -> Relation:
    """Say that a tie which somebody else declared about you exists: you declare it as well, so that it binds you too.

    Raises Refused (rule named) for anybody but the person named, Conflict when it was contested, settled or withdrawn.
    """
    locked = Relation.objects.select_for_update(of=("self",)).select_related("user").get(pk=relation.pk)
    if locked.other_id != actor.pk:
        raise Refused(_("Only the person who was named can confirm a relation."), rule="named")
    if locked.state != State.DECLARED or locked.until is not None:
        raise Conflict(_("This relation does not wait for your answer any more."))
    return declare_relation(actor=actor, other=locked.user, kind=locked.kind, words=locked.words)


@audited("people.withdraw_relation", subject="actor")
def withdraw_relation(*, actor: User, relation: Relation) -> None:
    """Say that a tie which one declared is over from today. It counts for the cooling months still, and recusals that it caused stay.

    Raises Conflict when there is none.
    """
    found = Relation.objects.select_for_update().filter(pk=relation.pk, user=actor, until=None).exclude(state=State.DISMISSED).first()
    if found is None:
        raise Conflict(_("You have not declared this relation."))
    found.until = clock.today()
    found.save(update_fields=["until"])


@audited("people.contest_relation", subject="relation")
def contest_relation(*, actor: User, relation: Relation, why: str) -> Relation:
    """Say that a tie which somebody else declared about you does not exist. It stands until it is settled.

    Raises Refused (rule named) for anybody but the person named, Invalid (field why), Conflict when it was contested before.
    """
    locked = Relation.objects.select_for_update(of=("self",)).select_related("user", "other").get(pk=relation.pk)
    if locked.other_id != actor.pk:
        raise Refused(_("Only the person who was named can contest a relation."), rule="named")
    if locked.state != State.DECLARED:
        raise Conflict(_("This relation was contested already."))
    if not why.strip():
        raise Invalid(_("Say in a few words why it is wrong."), field="why")
    locked.state, locked.contested_at, locked.contest = State.CONTESTED, clock.now(), " ".join(why.split())[:300]
    locked.save(update_fields=["state", "contested_at", "contest"])
    signals.relation_contested.send(sender=Relation, relation=locked)
    return locked


@audited("people.settle_relation", subject="relation")
def settle_relation(*, actor: User, relation: Relation, holds: bool, because: str) -> Relation:
    """Confirm or dismiss a contested tie. An administrator or a chair who is tied to neither of the two.

    Dismissed, it never counted: panels give back the seats that it took. Raises Refused (rule role, prepared, benefits,
    employer, relation), Invalid (field because), Conflict when nothing is contested.
    """
    locked = Relation.objects.select_for_update(of=("self",)).select_related("user", "other").get(pk=relation.pk)
    require_settler(actor, locked)
    if locked.state != State.CONTESTED:
        raise Conflict(_("This relation is not contested, or was settled already."))
    if not because.strip():
        raise Invalid(_("Give both of them your reason."), field="because")
    locked.state = State.CONFIRMED if holds else State.DISMISSED
    locked.settled_by, locked.settled_at, locked.settlement = actor, clock.now(), " ".join(because.split())[:300]
    locked.save()
    signals.relation_settled.send(sender=Relation, relation=locked)
    return locked


@audited("people.set_tie_rules", subject="host")
def set_months(*, actor: User, host: Host, cooling: int, cowork: int) -> Host:
    """How many months a tie counts after it ended, and for how long shared work ties two people. Only an administrator."""
    roles.require(actor, roles.Role.ADMIN)
    for name, months in (("cooling", cooling), ("cowork", cowork)):
        if not 0 <= months <= MOST_MONTHS:
            raise Invalid(_("Choose from 0 to {most} months.").format(most=MOST_MONTHS), field=name)
    locked = Host.objects.select_for_update().get(pk=host.pk)
    locked.cooling_months, locked.cowork_months = cooling, cowork
    locked.save(update_fields=["cooling_months", "cowork_months"])
    return locked


def require_settler(actor: User, relation: Relation) -> None:
    """Raise Refused unless the actor may settle this one. One of the two cannot keep somebody from it by naming them as well."""
    if not may_settle(actor):
        raise Refused(_("Only an administrator or the chair of a committee settles a contested relation."), rule="role")
    both = _both(relation)
    independence.require(actor, _("settle this relation"), prepared_by=both, beneficiaries=both, claims=False)


def may_settle(user: roles.Viewer) -> bool:
    """By role. Whether they are free of the two people is asked for each relation."""
    return roles.has(user, roles.Role.ADMIN) or bool(roles.subjects_of(user, roles.Role.CHAIR, "committee"))


def to_settle(user: User) -> list[Relation]:
    """The contested ties that this person may settle, oldest first. Nobody else reads them."""
    if not may_settle(user):
        return []
    contested = Relation.objects.filter(state=State.CONTESTED).select_related("user", "other").order_by("contested_at")
    return [relation for relation in contested if _free(user, relation)]


def _free(user: User, relation: Relation) -> bool:
    return independence.hindrance(user, beneficiaries=_both(relation), claims=False) is None


def _both(relation: Relation) -> list[User]:
    return [person for person in (relation.user, relation.other) if person is not None]


def _check_kind(kind: str) -> None:
    if kind not in Relation.Kind.values:
        raise Invalid(_("Choose what kind of relation it is."), field="kind")


def _short(words: str) -> str:
    return " ".join(words.split())[:200]


def _tell(relation: Relation) -> None:
    signals.relation_declared.send(sender=Relation, relation=relation)
    signals.ties_changed.send(sender=Relation, users=_both(relation))


def of(user: User) -> list[Relation]:
    """What the register says about somebody, for their own eyes: what they declared and what others declared about them."""
    found = Relation.objects.filter(Q(user=user) | Q(other=user)).select_related("user", "other", "settled_by")
    return list(found.order_by("pk"))
