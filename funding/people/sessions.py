"""How long a sign-in lasts, and how it ends elsewhere.

Two limits, both in real time: since signing in, and since the last request. They are shorter for people with a role. A role is read at
each request, so that a session which was opened before the role was given keeps to the shorter limits from then on.
"""

from __future__ import annotations

import time

from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.db.models import F
from django.http import HttpRequest

from funding.people import signals
from funding.people.models import User

BEGAN, SEEN = "session_began", "session_seen"
STEP = 60
"""Seconds between two notes of the last request, so that reading pages does not write a row each time."""


def begin(request: HttpRequest) -> None:
    request.session[BEGAN] = request.session[SEEN] = int(time.time())


def age(request: HttpRequest) -> tuple[int, int]:
    """Seconds since signing in and since the last request. A session from before these were kept begins now."""
    now = int(time.time())
    if not isinstance(request.session.get(BEGAN), int) or not isinstance(request.session.get(SEEN), int):
        begin(request)
    return now - request.session[BEGAN], now - request.session[SEEN]


def note(request: HttpRequest) -> None:
    """Remember that somebody was here."""
    now = int(time.time())
    if now - request.session.get(SEEN, 0) >= STEP:
        request.session[SEEN] = now


def is_over(request: HttpRequest, *, with_role: bool) -> bool:
    since, idle = age(request)
    if with_role:
        return since >= settings.SESSION_ROLE_AGE or idle >= settings.SESSION_ROLE_IDLE
    return since >= settings.SESSION_COOKIE_AGE or idle >= settings.SESSION_IDLE


def end(user: User) -> None:
    """Sign this person out everywhere: every session carries a mark that no longer fits."""
    User.objects.filter(pk=user.pk).update(epoch=F("epoch") + 1)
    user.refresh_from_db(fields=["epoch"])


def drop_foreign_password(request: HttpRequest, user: User) -> bool:
    """Whether a password was made useless that its owner may not have chosen. Call it where an address has just been proven.

    Anybody can sign up with somebody else's address and never prove it. When its owner comes, a mailed sign-in code is their first
    proof, and whatever password the account has is not from a session that proved anything. Who installed the site chose theirs there.
    """
    by_code = any(row.get("method") == "code" for row in get_authentication_records(request, user))
    if not by_code or user.last_login is not None or user.is_superuser or not user.has_usable_password():
        return False
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return True


def end_others(request: HttpRequest) -> None:
    """The same, except for the session of this request."""
    user = request.user
    assert isinstance(user, User)
    end(user)
    update_session_auth_hash(request, user)


def sign_out_elsewhere(request: HttpRequest) -> None:
    """End whatever else acts for this person: every other session, and what apps above have given out in their name."""
    end_others(request)
    signals.signed_out.send(sender=User, user=request.user)
