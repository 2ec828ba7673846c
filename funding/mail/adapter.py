"""allauth's doors into our house: its mails go through the outbox, and it asks again in the way that our second factor needs."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth
from django.contrib.sites.shortcuts import get_current_site

from funding.mail import services
from funding.people import factors
from funding.people.models import Host


class AccountAdapter(DefaultAccountAdapter):
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue allauth's mail. The context is what its own `send_mail` gives, with the host's name for the site's."""
        request = allauth.request
        host, site = Host.get(), get_current_site(request)
        site.name = host.name if host else site.domain
        mail = self.render_mail(template_prefix, email, {"request": request, "email": email, "current_site": site, **context})
        kind = template_prefix.rpartition("/")[2]
        services.write(kind=kind, to=email, key=f"{kind}:{uuid.uuid4()}", subject=str(mail.subject), body=str(mail.body))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Not once more for whoever has just signed in with all that they have."""
        return bool(super().is_reauthentication_required(app=app, **kwargs)) and not factors.just_signed_in(allauth.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Whoever has a second factor shows that one: a password alone must not add or remove factors."""
        methods = super().get_reauthentication_methods(user)
        return [method for method in methods if method["id"].startswith("mfa_")] or methods
