from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from funding.mail import services
from funding.people import subjects
from funding.people.models import Relation, RoleGrant, User
from funding.people.signals import relation_declared, role_ended, role_given


@receiver(role_given)
def tell_of_a_role(sender: Any, grant: RoleGrant, **kwargs: Any) -> None:
    _tell("role_given", grant, grant.granted_by)


@receiver(role_ended)
def tell_of_its_end(sender: Any, grant: RoleGrant, actor: User, **kwargs: Any) -> None:
    _tell("role_ended", grant, actor)


@receiver(relation_declared)
def tell_of_a_relation(sender: Any, relation: Relation, **kwargs: Any) -> None:
    services.queue(
        kind="relation_declared",
        to=relation.other.email,
        key=f"relation_declared:{relation.pk}",
        context={"name": relation.other.name, "by": str(relation.user), "tie": relation.kind, "profile": services.absolute("/profile/")},
    )


def _tell(kind: str, grant: RoleGrant, by: User | None) -> None:
    services.queue(
        kind=kind,
        to=grant.user.email,
        key=f"{kind}:{grant.pk}",
        context={
            "name": grant.user.name,
            "role": RoleGrant.Role(grant.role).label,
            "where": subjects.label(grant.subject),
            "by": str(by),
            "since": grant.since,
            "until": grant.until,
            "desk": services.absolute("/desk/"),
        },
    )
