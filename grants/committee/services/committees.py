"""Set up a committee and its rules. Who sits on it is a matter of roles (chair, member) over `committee:<slug>`."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.people import roles
from funding.people.models import User
from grants.committee.models import Committee
from grants.committee.rules import Rules

Role = roles.Role
RESERVED = {"new", "rules"}


@audited("committee.create", subject="slug")
def create_committee(*, actor: User, slug: str, name: str, rules: Rules) -> Committee:
    """A committee without members. Only an administrator. Raises Refused, Invalid."""
    roles.require(actor, Role.ADMIN)
    _check(name, rules)
    if slug in RESERVED:
        raise Invalid("This word is an address of the site. Choose another one.", field="slug")
    try:
        with transaction.atomic():
            return Committee.objects.create(slug=slug, name=name.strip(), created_at=clock.now(), **_columns(rules))
    except IntegrityError:
        raise Invalid("Another committee has this address already.", field="slug") from None


@audited("committee.edit_rules", subject="committee")
def edit_rules(*, actor: User, committee: Committee, version: int, name: str, rules: Rules) -> Committee:
    """Change the rules for panels that are seated from now on. Raises Refused, Invalid, Conflict (stale form)."""
    roles.require(actor, Role.ADMIN)
    locked = Committee.objects.select_for_update().get(pk=committee.pk)
    if locked.version != version:
        raise Conflict("Somebody else changed these rules since you opened the form.")
    _check(name, rules)
    locked.name = name.strip()
    for column, value in _columns(rules).items():
        setattr(locked, column, value)
    locked.version += 1
    locked.save()
    return locked


def _check(name: str, rules: Rules) -> None:
    if not name.strip():
        raise Invalid("Give the committee a name.", field="name")
    if not 0 <= rules.quorum_percent < 100:
        raise Invalid("The quorum is more than a percentage from 0 to 99.", field="quorum_percent")
    if not 50 <= rules.majority_percent < 100:
        raise Invalid("The majority is more than a percentage from 50 to 99.", field="majority_percent")
    if not 0 <= rules.minimum_reviews <= 20:
        raise Invalid("Ask for 0 to 20 reviews.", field="minimum_reviews")
    if rules.tie not in Committee.Tie.values:
        raise Invalid("Choose what a tie means.", field="tie")


def _columns(rules: Rules) -> dict[str, int | str]:
    return {
        "quorum_percent": rules.quorum_percent,
        "majority_percent": rules.majority_percent,
        "minimum_reviews": rules.minimum_reviews,
        "tie": rules.tie,
    }
