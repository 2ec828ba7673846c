from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_logged_in
from django.dispatch import receiver

from funding.people import services
from funding.people.models import User


@receiver(user_logged_in)
def claim_on_sign_in(sender: Any, user: User, **kwargs: Any) -> None:
    for address in EmailAddress.objects.filter(user=user, verified=True):
        services.claim_parties(user=user, email=address.email)


@receiver(email_confirmed)
def claim_on_confirmation(sender: Any, email_address: EmailAddress, **kwargs: Any) -> None:
    services.claim_parties(user=email_address.user, email=email_address.email)
