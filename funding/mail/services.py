"""The outbox: `queue` in the transaction of a fact, sent by Celery after the commit, swept when Redis forgot.

Mails say what happened and link to the page; they never carry what a recused person may not read. Each is one file,
`templates/emails/<kind>.txt`, whose first line is `Subject: …`.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Conflict, Invalid
from funding.mail.models import Message
from funding.mail.words import words
from funding.people.models import Host, User
from funding.people.policies import require_keeper
from funding.web.attention import Act, Found, Item
from funding.web.queue import enqueue_on_commit

log = logging.getLogger(__name__)

ATTEMPTS = 8
LEASE = dt.timedelta(minutes=5)
"""How long one attempt may take before another worker may begin it again: longer than a task may run."""
LONGEST_ERROR = 2_000
STATE = Message.State


def absolute(path: str) -> str:
    """A path of this site as an address that works in a mail."""
    return f"{settings.BASE_URL}{path}"


def queue(*, kind: str, to: str, key: str, context: dict[str, Any], about: str = "") -> Message:
    """Promise a mail. `key` names the fact (`receipt:INV-0042`); a repeat returns the first. Call inside the transaction.

    `about` names the thing that its reader may step back from (`proposal:P-0001`): until it is sent, `drop` takes it back.
    """
    existing = Message.objects.filter(key=key).first()
    if existing is not None:
        return existing
    text = render_to_string(f"emails/{kind}.txt", {"site": settings.BASE_URL, **context}, using="text")
    head, _newline, body = text.strip().partition("\n")
    if not head.startswith("Subject: "):
        raise ValueError(f"emails/{kind}.txt does not open with a Subject line")
    return write(kind=kind, to=to, key=key, subject=head.removeprefix("Subject: "), body=body.strip() + "\n", about=about)


def write(*, kind: str, to: str, key: str, subject: str, body: str, about: str = "") -> Message:
    """Promise a mail whose text is known already (sign-in codes come this way)."""
    message, created = Message.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "to": to,
            "about": about,
            "subject": " ".join(subject.split())[:250],
            "body": body,
            "next_try_at": timezone.now(),
            "created_at": clock.now(),
        },
    )
    if created:
        enqueue_on_commit("funding.mail.tasks.send_message", message.pk)
    return message


def promised(key: str) -> bool:
    """Whether the fact of that key has its mail."""
    return Message.objects.filter(key=key).exists()


@audited("mail.send_again", subject="message")
def send_again(*, actor: User, message: Message) -> Message:
    """Send a parked mail again from the first attempt. Administrators and treasurers. Raises Refused, Conflict."""
    require_keeper(actor)
    locked = Message.objects.select_for_update().get(pk=message.pk)
    Message.LIFECYCLE.check(locked.state, STATE.QUEUED)
    locked.state, locked.attempts, locked.next_try_at = STATE.QUEUED, 0, timezone.now()
    locked.save(update_fields=["state", "attempts", "next_try_at"])
    enqueue_on_commit("funding.mail.tasks.send_message", locked.pk)
    return locked


@audited("mail.give_up", subject="message")
def give_up(*, actor: User, message: Message, reason: str) -> Message:
    """Never send a parked mail, with a reason for the audit log. Raises Refused, Conflict, Invalid."""
    require_keeper(actor)
    if not reason.strip():
        raise Invalid(_("Say why nothing is to be done about this mail."), field="reason")
    locked = Message.objects.select_for_update().get(pk=message.pk)
    if locked.state != STATE.PARKED:
        raise Conflict(_("Only a mail that could not be sent is given up."))
    locked.state = STATE.GIVEN_UP
    locked.save(update_fields=["state"])
    return locked


def parked(limit: int) -> Found:
    """Mails that no attempt could send, the oldest first. To whom and why, and not what: the text is its reader's."""
    found = Message.objects.filter(state=STATE.PARKED).order_by("pk")
    items = [
        Item(
            what=_("{mail}, to {address}").format(mail=_named(row), address=row.to),
            since=row.created_at,
            why=row.error,
            acts=(
                Act(_("Send again"), reverse("recovery:mail-again", args=[row.pk])),
                Act(_("Give up"), reverse("recovery:mail-close", args=[row.pk])),
            ),
        )
        for row in found.defer("body")[:limit]
    ]
    return Found(items, found.count())


def _named(row: Message) -> str:
    return _("Mail of a committee") if row.about else words(row.kind)


def drop(*, to: str, about: str) -> int:
    """Take back what is promised to somebody about a thing that is closed to them by now, words and all. Returns how many."""
    waiting = Message.objects.filter(to__iexact=to, about=about, state__in=[STATE.QUEUED, STATE.PARKED])
    return waiting.update(state=STATE.DROPPED, subject="Not sent", body="")


def due(*, limit: int = 200) -> list[int]:
    """Messages that wait and whose time has come, oldest first. Real time: mail servers do not follow our calendar."""
    found = Message.objects.filter(state=STATE.QUEUED, next_try_at__lte=timezone.now())
    return list(found.order_by("id").values_list("pk", flat=True)[:limit])


def send(*, message_id: int) -> bool:
    """Send one queued message that is due; False when it was sent already, is parked, failed, or another worker holds it.

    The attempt is claimed by moving the next one into the future, so no transaction stays open over the network and a
    killed worker's mail comes back by itself. A crash between the mail server's answer and our note of it sends it
    twice: mail is at least once, with the same Message-ID.
    """
    now = timezone.now()
    waiting = Message.objects.filter(pk=message_id, state=STATE.QUEUED, next_try_at__lte=now)
    if not waiting.update(attempts=F("attempts") + 1, next_try_at=now + LEASE):
        return False
    message = Message.objects.get(pk=message_id)
    if message.state != STATE.QUEUED:
        return False
    try:
        _mail(message).send()
    except Exception as error:  # whatever the server or the address raises is kept on the message, so that it stops no other
        log.warning("mail %s was not sent on attempt %s", message.pk, message.attempts, exc_info=True)
        _failed(message, error)
        return False
    Message.objects.filter(pk=message.pk, state=STATE.QUEUED).update(state=STATE.SENT, sent_at=timezone.now(), error="")
    return True


def _mail(message: Message) -> EmailMessage:
    host, domain = Host.get(), settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    return EmailMessage(
        message.subject,
        message.body,
        to=[message.to],
        reply_to=[host.party.email] if host is not None and host.party.email else None,
        headers={"Message-ID": f"<daybook-{message.pk}@{domain}>"},
    )


def _failed(message: Message, error: Exception) -> None:
    Message.objects.filter(pk=message.pk, state=STATE.QUEUED).update(
        state=STATE.PARKED if message.attempts >= ATTEMPTS else STATE.QUEUED,
        error=f"{type(error).__name__}: {error}"[:LONGEST_ERROR],
        next_try_at=timezone.now() + dt.timedelta(minutes=2 ** min(message.attempts, ATTEMPTS)),
    )
