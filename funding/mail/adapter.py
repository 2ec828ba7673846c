"""allauth's doors into our house: its mails go through the outbox, and a verified address claims its parties."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter

from funding.mail import services


class AccountAdapter(DefaultAccountAdapter):
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        mail = self.render_mail(template_prefix, email, context)
        kind = template_prefix.rpartition("/")[2]
        services.write(kind=kind, to=email, key=f"{kind}:{uuid.uuid4()}", subject=str(mail.subject), body=str(mail.body))
