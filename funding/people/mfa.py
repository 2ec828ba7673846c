"""allauth's second factors in our house: what they are called, and that their secrets are not readable in a copy of the database."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext_lazy

from funding.errors import Unavailable
from funding.people import factors
from funding.people.models import Host, User

UNREADABLE = gettext_lazy("Your second factor cannot be read, because a secret of this site was changed. Ask an administrator to reset it.")


def _keys() -> Iterator[Fernet]:
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"daybook second factors").derive(str(secret).encode())
        yield Fernet(base64.urlsafe_b64encode(derived))


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "cannot_delete_authenticator": gettext_lazy("Your role needs a second factor, so the last one stays. Add another first."),
        "unverified_email": gettext_lazy("Prove that your e-mail address is yours first, then set up a second factor."),
    }

    def encrypt(self, text: str) -> str:
        """With a key made from `SECRET_KEY`, which is why that one is kept."""
        return MultiFernet(list(_keys())).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Raises Unavailable rather than taking an unreadable secret for an empty one."""
        try:
            return MultiFernet(list(_keys())).decrypt(encrypted_text.encode()).decode()
        except InvalidToken as error:
            raise Unavailable(UNREADABLE) from error

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not factors.is_last(authenticator)

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """What a key is called until its owner says otherwise."""
        return f"Key {Authenticator.objects.filter(user=user, type=type).count() + 1}"

    def _get_site_name(self) -> str:
        """What the authenticator app and the passkey are listed under."""
        host = Host.get()
        return host.name if host else str(context.request.get_host())
