"""Make and revoke a person's tokens. Real time throughout, as for everything about signing in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from funding.api.permissions import SCOPES
from funding.audit.services import audited
from funding.errors import Conflict, Invalid, Refused
from funding.mail import services as mail
from funding.people import factors
from funding.people.models import User
from funding.site.api.models import Token

DAYS = (7, 30, 90, 365)
"""How long a token may last."""
MOST = 20
"""Working tokens of one person."""


@audited("api.make_token", subject="actor")
def make(*, actor: User, name: str, scopes: Collection[str], days: int, factor_shown: bool) -> tuple[Token, str]:
    """A new token and its secret, which is kept nowhere. The person is told by mail.

    `days` is one of DAYS. Raises Invalid, Refused (rule `factor`) for somebody with a role who showed no second factor, Conflict when
    there are too many.
    """
    User.objects.select_for_update().get(pk=actor.pk)
    if factors.needed(actor) and not factor_shown:
        raise Refused(_("Your role needs a second factor before you make a token."), rule="factor")
    if not name.strip():
        raise Invalid(_("Name the token, so that you know it again."), field="name")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Invalid(_("Choose at least one of the scopes."), field="scopes")
    if days not in DAYS:
        raise Invalid(_("Choose how long the token lasts."), field="days")
    if working(actor) >= MOST:
        raise Conflict(_("You have {count} tokens that work. Revoke one first.").format(count=MOST))
    token, secret = Token.objects.create(
        actor, dt.timedelta(days=days), name=name.strip(), scopes=sorted(scopes, key=list(SCOPES).index), factor_shown=factor_shown
    )
    context = {"token": token, "scopes": [_(SCOPES[scope]) for scope in token.scopes], "url": mail.absolute(reverse("tokens:list"))}
    mail.queue(kind="token_made", to=actor.email, key=f"token-made:{token.digest}", context=context)
    return token, secret


@audited("api.revoke_token", subject="token")
def revoke(*, actor: User, token: Token) -> Token:
    """End a token at once. Raises Refused for anybody but its person, Conflict when it does not work any more."""
    locked: Token = Token.objects.select_for_update().get(pk=token.pk)
    if locked.user_id != actor.pk:
        raise Refused(_("Only its owner revokes a token."), rule="owner")
    if not locked.works:
        raise Conflict(_("This token does not work any more."))
    locked.revoked_at = timezone.now()
    locked.save(update_fields=["revoked_at"])
    return locked


def revoke_all(*, user: User) -> int:
    """End every token of somebody whose ways to sign in are in doubt. Returns how many still worked."""
    now = timezone.now()
    ended: int = Token.objects.filter(user=user, revoked_at=None, expiry__gt=now).update(revoked_at=now)
    return ended


def working(user: User) -> int:
    found: int = Token.objects.filter(user=user, revoked_at=None, expiry__gt=timezone.now()).count()
    return found
