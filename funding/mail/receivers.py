from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.urls import reverse
from django.utils.translation import gettext as _

from funding.mail import services
from funding.people import factors, roles, subjects, ties
from funding.people.models import ActingChange, Host, Invitation, Relation, RoleGrant, User
from funding.people.signals import (
    acting_asked,
    acting_changed,
    factors_reset,
    invited,
    relation_contested,
    relation_declared,
    relation_settled,
    role_ended,
    role_given,
)


@receiver(role_given)
def tell_of_a_role(sender: Any, grant: RoleGrant, **kwargs: Any) -> None:
    _tell("role_given", grant, grant.granted_by)


@receiver(invited)
def invite(sender: Any, invitation: Invitation, **kwargs: Any) -> None:
    host = Host.get()
    services.queue(
        kind="invited",
        to=invitation.email,
        key=f"invited:{invitation.pk}",
        context={
            "by": str(invitation.invited_by),
            "host": host.name if host else _("this host"),
            "role": invitation.get_role_display(),
            "where": subjects.label(invitation.subject),
            "email": invitation.email,
            "signup": services.absolute(reverse("account_signup")),
        },
    )


@receiver(role_ended)
def tell_of_its_end(sender: Any, grant: RoleGrant, actor: User, **kwargs: Any) -> None:
    _tell("role_ended", grant, actor)


@receiver(relation_declared)
def tell_of_a_relation(sender: Any, relation: Relation, **kwargs: Any) -> None:
    """Whoever was named, unless this is the answer to a declaration of their own."""
    answers = Relation.objects.filter(user=relation.other, other=relation.user, until=None).exclude(state=Relation.State.DISMISSED)
    if relation.other is None or answers.exists():
        return
    services.queue(
        kind="relation_declared",
        to=relation.other.email,
        key=f"relation_declared:{relation.pk}",
        context={
            "name": relation.other.name,
            "by": str(relation.user),
            "tie": relation.get_kind_display(),
            "profile": services.absolute("/profile/"),
        },
    )


@receiver(factors_reset)
def tell_of_a_reset(sender: Any, user: User, actor: User | None, **kwargs: Any) -> None:
    services.queue(
        kind="factors_reset",
        to=user.email,
        key=f"factors_reset:{user.pk}:{user.epoch}",
        context={
            "name": user.name,
            "by": str(actor) if actor else _("The operator of this site"),
            "factors": services.absolute(reverse("mfa_index")),
            "password": services.absolute(reverse("account_change_password")),
        },
    )


@receiver(relation_contested)
def ask_to_settle(sender: Any, relation: Relation, **kwargs: Any) -> None:
    """Those who may settle it and are tied to neither. The mail names nobody: the page does."""
    chairs = User.objects.filter(pk__in=RoleGrant.objects.filter(roles.in_force(), role=roles.Role.CHAIR).values("user"))
    for user in {*roles.holders(roles.Role.ADMIN), *chairs}:
        if relation in ties.to_settle(user):
            services.queue(
                kind="relation_contested",
                to=user.email,
                key=f"relation_contested:{relation.pk}:{user.pk}",
                context={"name": user.name, "url": services.absolute("/desk/ties/")},
            )


@receiver(relation_settled)
def tell_of_settling(sender: Any, relation: Relation, **kwargs: Any) -> None:
    if relation.other is None:
        return
    for user, other in ((relation.user, relation.other), (relation.other, relation.user)):
        services.queue(
            kind="relation_settled",
            to=user.email,
            key=f"relation_settled:{relation.pk}:{user.pk}",
            context={"name": user.name, "other": str(other), "relation": relation, "profile": services.absolute("/profile/")},
        )


@receiver(acting_asked)
def ask_a_second_person(sender: Any, change: ActingChange, **kwargs: Any) -> None:
    people = {*roles.holders(roles.Role.ADMIN), *roles.holders(roles.Role.TREASURER)} - {change.asked_by, change.user}
    for person in sorted(people, key=lambda user: user.pk):
        services.queue(
            kind="acting_asked",
            to=person.email,
            key=f"acting-asked:{change.pk}:{person.pk}",
            context={"change": change, "url": services.absolute(reverse("people:acting-decide", args=[change.pk]))},
        )


@receiver(acting_changed)
def tell_whom_it_is_about(sender: Any, change: ActingChange, **kwargs: Any) -> None:
    services.queue(
        kind="acting_changed",
        to=change.user.email,
        key=f"acting-changed:{change.pk}",
        context={"change": change, "url": services.absolute(reverse("people:profile"))},
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
            "has_factor": factors.has(grant.user),
            "factors": services.absolute(reverse("mfa_index")),
        },
    )
