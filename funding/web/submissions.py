"""One press of a button is one act: the press is recorded before the act, and a repeat of it finds the result.

A repeat is the same form sent again with the same content, as a double click or a reloaded answer does. Somebody who goes
back in the browser and sends the form with other words means another act, although the token in the page is the old one.

A process may die over a press. Every audited act notes its press inside its own transaction, so that it is known whether
anything was done: a dead press that did nothing may be sent again, and one that did something never is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from funding.errors import Conflict, DaybookError
from funding.web.models import Submission

NOT_CONTENT = {"csrfmiddlewaretoken", "once"}
PATIENCE = 30
"""How often, a tenth of a second apart, a second press looks for the result of the first."""
LEASE = dt.timedelta(minutes=10)
"""Real time, and more than any request takes, because every call that it makes is bounded: who has no result by then has died."""
_at_work: ContextVar[uuid.UUID | None] = ContextVar("press at work", default=None)


class RepeatedPress:
    """Middleware: a repeat goes to the first press's result before the page looks at it, because by then the page has changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if request.method != "POST" or getattr(view, "csrf_exempt", False) or "once" not in request.POST:
            return None  # what is exempt takes no form of ours, and may want the body as it came
        try:
            token = uuid.UUID(request.POST["once"])
        except ValueError:
            return None
        address = result(request, token)
        return HttpResponseRedirect(address) if address else None


def digest(request: HttpRequest) -> str:
    """What was sent where, as a short text."""
    content = sorted((name, values) for name, values in request.POST.lists() if name not in NOT_CONTENT)
    return hashlib.sha256(json.dumps([request.path, content]).encode()).hexdigest()


def result(request: HttpRequest, token: uuid.UUID) -> str:
    """Where the same press led before; empty when there was none or it is not done."""
    done = Submission.objects.filter(token=token, user_id=request.user.pk, digest=digest(request))
    return done.values_list("result_url", flat=True).first() or ""


def claim(request: HttpRequest, token: uuid.UUID) -> str:
    """Record this press. Returns the address of its result when it is a repeat after all, else nothing: the act goes on.

    Raises Conflict when the first press stays at work for long, or died after a part of it was done, and for a token that is
    somebody else's.
    """
    user_id, fresh = request.user.pk, {"path": request.path[:500], "digest": digest(request)}
    try:
        with transaction.atomic():
            Submission.objects.create(token=token, user_id=user_id, **fresh)
            return ""
    except IntegrityError:
        if address := result(request, token):
            return address
    # An earlier press that is done and said something else makes room for this one.
    earlier = Submission.objects.filter(token=token, user_id=user_id).exclude(digest=fresh["digest"]).exclude(result_url="")
    if earlier.update(result_url="", **fresh):
        return ""
    dead = Submission.objects.filter(token=token, user_id=user_id, result_url="", at__lt=timezone.now() - LEASE)
    if dead.filter(acted_at=None).update(at=timezone.now(), **fresh):
        return ""
    if dead.exists():
        raise Conflict(_("This form was already sent, and we were cut off when a part of it was done. Look at the page before you go on."))
    if address := _wait(request, token):
        return address
    raise Conflict(
        _("This form was already sent, and the first press is still being worked on. Look at the page before you send it again.")
    )


def _wait(request: HttpRequest, token: uuid.UUID) -> str:
    """The result of a press that is still at work, if it comes within a few seconds: the second half of a double click."""
    same = Submission.objects.filter(token=token, user_id=request.user.pk, digest=digest(request))
    for _look in range(PATIENCE):
        found = same.values_list("result_url", flat=True).first()
        if found is None or found:
            return found or ""
        time.sleep(0.1)
    return ""


@contextmanager
def at_work(token: uuid.UUID) -> Iterator[None]:
    """While the block runs, what is done is done for this press."""
    before = _at_work.set(token)
    try:
        yield
    finally:
        _at_work.reset(before)


class OtherContent(Conflict):
    """A program's key came back with another request than the one that it was made for."""


def answer_once(
    *, token: uuid.UUID, user_id: int, path: str, digest: str, act: Callable[[], dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Do a program's write once: returns its answer as JSON, and whether it is the answer of an earlier time.

    The key, the act and the answer are one transaction, so that whatever dies leaves all of them or none. A second request waits
    for the first at the key's unique index. `act` calls one audited service and no network. What it refuses frees the key; the refusal
    in the audit log, which was written after its own rollback, stays. Raises OtherContent.
    """
    refused: DaybookError | None = None
    answer: dict[str, Any] = {}
    with transaction.atomic():
        try:
            with transaction.atomic():
                Submission.objects.create(token=token, user_id=user_id, path=path[:500], digest=digest)
        except IntegrityError:
            earlier = Submission.objects.get(token=token)
            if earlier.digest != digest or earlier.answer is None:
                raise OtherContent(_("This key was used for another request. Send a new one with each new write.")) from None
            return earlier.answer, True
        try:
            answer = act()
        except DaybookError as error:
            refused = error
            Submission.objects.filter(token=token).delete()
        else:
            Submission.objects.filter(token=token).update(answer=answer)
    if refused is not None:
        raise refused
    return answer, False


def note_act() -> None:
    """Something is done for the press at work, if there is one. Call it inside the transaction that does it."""
    if token := _at_work.get():
        Submission.objects.filter(token=token).update(acted_at=timezone.now())


def finish(token: uuid.UUID, address: str) -> None:
    """The act is done; a repeat goes to `address`."""
    Submission.objects.filter(token=token).update(result_url=address)


def forget(token: uuid.UUID) -> None:
    """The act did not happen, so the same press may be tried again."""
    Submission.objects.filter(token=token, result_url="").delete()
