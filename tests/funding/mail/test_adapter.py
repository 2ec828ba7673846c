"""allauth's mails say what they mean: none of its texts is left with a hole where a name or an address belongs."""

from __future__ import annotations

import pytest
from allauth.account.adapter import get_adapter
from allauth.core import context
from django.conf import settings
from django.test import RequestFactory

from funding.mail.models import Message
from tests.funding import builders

TEXTS = sorted(path.name.removesuffix("_message.txt") for path in (settings.BASE_DIR / "templates/account/email").glob("*_message.txt"))
GIVEN = {
    "code": "ABCD-EFGH",
    "activate_url": "http://testserver/activate/",
    "key": "k",
    "password_reset_url": "http://testserver/reset/",
    "signup_url": "http://testserver/signup/",
    "username": "",
    "from_email": "old@example.org",
    "to_email": "new@example.org",
    "deleted_email": "old@example.org",
    "ip": "192.0.2.7",
    "user_agent": "A browser",
    "timestamp": "now",
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [kind for kind in TEXTS if not kind.startswith("base")])
def test_no_mail_has_a_hole(kind: str) -> None:
    builders.host()
    request = RequestFactory().get("/")
    with context.request_context(request):
        get_adapter().send_mail(f"account/email/{kind}", "wren@example.org", {**GIVEN, "user": builders.user(email="wren@example.org")})
    message = Message.objects.get()
    text = "\n".join(line.strip() for line in [message.subject, *message.body.splitlines()])
    assert not message.subject.startswith("[")
    for hole in (" .", " ,", "  ", "with ,", "at ."):
        assert hole not in text, text
