"""The outbox: `queue` in the transaction of a fact, sent by Celery after the commit, swept when Redis forgot.

Mails say what happened and link to the page; they never carry what a recused person may not read. Each is one file,
`templates/emails/<kind>.txt`, whose first line is `Subject: …`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from funding import clock
from funding.mail.models import Message
from funding.web.queue import enqueue_on_commit

ATTEMPTS = 8
STATE = Message.State


def absolute(path: str) -> str:
    """A path of this site as an address that works in a mail."""
    return f"{settings.BASE_URL}{path}"


def queue(*, kind: str, to: str, key: str, context: dict[str, Any]) -> Message:
    """Promise a mail. `key` names the fact (`receipt:INV-0042`); a repeat returns the first. Call inside the transaction."""
    existing = Message.objects.filter(key=key).first()
    if existing is not None:
        return existing
    text = render_to_string(f"emails/{kind}.txt", {"site": settings.BASE_URL, **context}, using="text")
    head, _, body = text.strip().partition("\n")
    if not head.startswith("Subject: "):
        raise ValueError(f"emails/{kind}.txt does not open with a Subject line")
    return write(kind=kind, to=to, key=key, subject=head.removeprefix("Subject: "), body=body.strip() + "\n")


def write(*, kind: str, to: str, key: str, subject: str, body: str) -> Message:
    """Promise a mail whose text is known already (sign-in codes come this way)."""
    message, created = Message.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "to": to,
            "subject": " ".join(subject.split())[:250],
            "body": body,
            "next_try_at": timezone.now(),
            "created_at": clock.now(),
        },
    )
    if created:
        enqueue_on_commit("funding.mail.tasks.send_message", message.pk)
    return message


def due(*, limit: int = 200) -> list[int]:
    """Messages that wait and whose time has come, oldest first. Real time: mail servers do not follow our calendar."""
    found = Message.objects.filter(state=STATE.QUEUED, next_try_at__lte=timezone.now())
    return list(found.order_by("id").values_list("pk", flat=True)[:limit])


@transaction.atomic
def send(*, message_id: int) -> bool:
    """Send one queued message; False when it was sent already, is parked, or another worker holds it.

    A crash between the mail server's answer and our commit sends it twice: mail is at least once, with the same Message-ID.
    """
    message = Message.objects.select_for_update(skip_locked=True).filter(pk=message_id, state=STATE.QUEUED).first()
    if message is None:
        return False
    message.attempts += 1
    host = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    mail = EmailMessage(message.subject, message.body, to=[message.to], headers={"Message-ID": f"<daybook-{message.pk}@{host}>"})
    try:
        mail.send()
    except OSError as error:
        message.error = f"{type(error).__name__}: {error}"
        message.next_try_at = timezone.now() + dt.timedelta(minutes=2**message.attempts)
        if message.attempts >= ATTEMPTS:
            message.state = STATE.PARKED
    else:
        message.state, message.sent_at, message.error = STATE.SENT, timezone.now(), ""
    message.save()
    return message.state == STATE.SENT
