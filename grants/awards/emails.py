"""Mails about awards: what waits goes to whoever may decide it, and what was decided to whoever said or asked it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from funding import clock
from funding.mail import services as mail
from funding.people import roles
from funding.people.models import User
from funding.people.roles import Role
from grants.awards.models import Asked, Award, Tranche


def agreed(award: Award, actor: User) -> None:
    """Somebody says that it was signed. Whoever wrote its terms cannot check it either."""
    _to_deciders("award_agreed", f"award-agreed:{award.pk}:{award.version}", award, {actor, award.written_by}, actor=actor)


def checked(award: Award, actor: User, words: str = "") -> None:
    """It is active, or a draft again: told to whoever said that it was agreed."""
    if award.agreed_by is not None and award.agreed_by != actor:
        _to(award.agreed_by, "award_checked", f"award-checked:{award.pk}:{award.version}", award, actor=actor, words=words)


def condition_waits(tranche: Tranche, actor: User) -> None:
    _to_deciders("award_condition_waits", f"condition:{tranche.pk}:{clock.now().isoformat()}", tranche.award, {actor}, tranche=tranche)


def condition_decided(tranche: Tranche, actor: User, words: str, *, agreed: bool) -> None:
    """Call it while the claim still stands on the row."""
    if tranche.claimed_by is not None:
        key = f"condition-decided:{tranche.pk}:{tranche.claimed_at}"
        _to(tranche.claimed_by, "award_condition_decided", key, tranche.award, tranche=tranche, actor=actor, words=words, agreed=agreed)


def waits(asked: Asked, award: Award) -> None:
    """Money back to the grantor, or a correction, waits for a second person."""
    kind = f"award_{asked._meta.model_name}_waits"
    _to_deciders(kind, f"{asked._meta.model_name}:{asked.pk}", award, {asked.asked_by}, it=asked)


def decided(asked: Asked, award: Award) -> None:
    if asked.decided_by != asked.asked_by:
        name = asked._meta.model_name
        _to(asked.asked_by, f"award_{name}_decided", f"{name}-decided:{asked.pk}", award, it=asked)


def _to_deciders(kind: str, key: str, award: Award, but: set[User], **context: Any) -> None:
    """To every treasurer and administrator who may decide it: in a small host the second person is an administrator."""
    found = {user.pk: user for user in [*roles.holders(Role.TREASURER), *roles.holders(Role.ADMIN)] if user not in but}
    for user in found.values():
        _to(user, kind, f"{key}:{user.pk}", award, **context)


def _to(user: User, kind: str, key: str, award: Award, **context: Any) -> None:
    url = mail.absolute(reverse("awards:desk-award", args=[award.slug]))
    mail.queue(kind=kind, to=user.email, key=key, context={"award": award, "url": url, **context})
