"""Who asks: a token in the header, or the session of the browser with its CSRF token."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from knox import auth, crypto
from rest_framework.exceptions import AuthenticationFailed

from funding.errors import Refused
from funding.people import factors
from funding.people.models import User
from funding.site.api.models import Token

UNKNOWN = gettext_lazy("This token is not known, has expired or was revoked.")
LONGEST = 200


class TokenAuthentication(auth.TokenAuthentication):
    """knox's header and hash. The row is found by the whole hash, and is kept when it has expired, so that its list stays true."""

    def authenticate(self, request: Any) -> tuple[User, Token] | None:
        found: tuple[User, Token] | None = super().authenticate(request)
        if found is None:
            return None
        user, token = found
        if not token.factor_shown and factors.needed(user):
            raise Refused(_("Your role needs a second factor, and this token was made without one. Make a new one."), rule="factor")
        return found

    def authenticate_credentials(self, token: bytes) -> tuple[User, Token]:
        if len(token) > LONGEST or not token.isascii():
            raise AuthenticationFailed(UNKNOWN)
        found = Token.objects.filter(pk=crypto.hash_token(token.decode())).select_related("user").first()
        if found is None or not found.works or not found.user.is_active:
            raise AuthenticationFailed(UNKNOWN)
        today = timezone.now().date()
        if found.used_on != today:
            Token.objects.filter(pk=found.pk).update(used_on=today)
        return found.user, found
