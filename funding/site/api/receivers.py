from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from django.dispatch import receiver

from funding.people.models import User
from funding.people.signals import factors_reset, signed_out
from funding.site.api import services


@receiver([factors_reset, signed_out, password_changed, password_reset, password_set])
def end_tokens(sender: Any, user: User, **kwargs: Any) -> None:
    """Whoever lost their second factor, or fears for their account, may have lost a token with it."""
    services.revoke_all(user=user)
