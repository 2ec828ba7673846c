from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import email_confirmed, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib import messages
from django.contrib.auth import signals as django
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from funding.audit.services import record
from funding.people import factors, invitations, services, sessions, ties
from funding.people.models import User


@receiver(user_logged_in)
def claim_on_sign_in(sender: Any, user: User, **kwargs: Any) -> None:
    for address in EmailAddress.objects.filter(user=user, verified=True):
        services.claim_parties(user=user, email=address.email)
        ties.claim_relations(user=user, email=address.email)
        invitations.take(user=user, email=address.email)


@receiver(email_confirmed)
def claim_on_confirmation(sender: Any, request: HttpRequest | None, email_address: EmailAddress, **kwargs: Any) -> None:
    if request is not None and sessions.drop_foreign_password(request, email_address.user):
        messages.warning(request, _("A password was chosen for this address before it was proven to be yours. It no longer works."))
    services.claim_parties(user=email_address.user, email=email_address.email)
    ties.claim_relations(user=email_address.user, email=email_address.email)
    invitations.take(user=email_address.user, email=email_address.email)


@receiver(django.user_logged_in)
def begin_the_session(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    sessions.begin(request)


@receiver(authenticator_added)
def note_a_new_factor(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    record(actor=user, act="people.add_factor", subject=user, reason=authenticator.get_type_display())
    sessions.end_others(request)
    factors.remember(request, authenticator)


@receiver(authenticator_removed)
def note_a_removed_factor(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    record(actor=user, act="people.remove_factor", subject=user, reason=authenticator.get_type_display())
    sessions.end_others(request)


@receiver(authenticator_reset)
def note_new_recovery_codes(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    record(actor=user, act="people.renew_recovery_codes", subject=user)
    sessions.end_others(request)


@receiver(pre_delete, sender=Authenticator)
def keep_the_last_factor(sender: Any, instance: Authenticator, **kwargs: Any) -> None:
    """Whatever page or shell deletes it: the last factor of somebody with a role is not taken away without `factors.reset`."""
    factors.require_not_last(instance)
