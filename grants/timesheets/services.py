"""Log half days, withdraw them, have them approved or returned by somebody else, and end an engagement early.

Each verb locks the engagement first, so that the cap, the approval and the release of what is left cannot race each other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from funding import clock, days
from funding.audit.services import audited
from funding.components import formats
from funding.errors import Conflict, Invalid, Refused
from funding.mail import services as mail
from funding.money import Money
from funding.people import independence
from funding.people.models import User
from funding.states import lifecycle
from grants.engagements import drawing, policies
from grants.engagements import services as engagements
from grants.engagements.models import Engagement
from grants.timesheets import selectors
from grants.timesheets.models import WorkEntry

WORK = lifecycle("half day", logged="approved returned withdrawn", approved="returned", returned="", withdrawn="")
State = WorkEntry.State
Cell = tuple[dt.date, str]
NOTE_LENGTH = 200
REASON_LENGTH = 500


@audited("work.log", subject="engagement")
def log(*, actor: User, engagement: Engagement, cells: Sequence[Cell], note: str, evidence_url: str = "") -> list[WorkEntry]:
    """Log half days: each cell is (date, "am" or "pm"). All are logged or none. Returns the entries in the order of the calendar.

    Raises Refused for anybody but the worker (rule `worker`) and when nobody independent could approve (rule `approver`),
    Invalid for a slot that is taken, in the future, outside the engagement or over its cap, Conflict when it is closed.
    """
    locked = engagements.lock(engagement)
    if locked.worker_id != actor.pk:
        raise Refused(_("You cannot log these days. Only the person who did the work logs it."), rule="worker")
    if locked.state != Engagement.State.ACTIVE:
        raise Conflict(
            _("{ref} is {state}, so no more days can be logged.").format(ref=locked.ref, state=locked.get_state_display().lower())
        )
    if not policies.approvers(locked):
        raise Refused(
            _("You cannot log these days yet. Nobody who is independent of you may approve them; the host has to name a maintainer first."),
            rule="approver",
        )
    wanted = sorted(set(cells))
    _check_cells(locked, wanted)
    _check_cap(locked, len(wanted))
    words = _text(note, "note", NOTE_LENGTH, _("Say in a line what you worked on."))
    entries = [
        WorkEntry(
            engagement=locked,
            worker=actor,
            date=day,
            slot=slot,
            note=words,
            evidence_url=_link(evidence_url),
            rate_amount=locked.rate_amount,
            currency=locked.currency,
            logged_at=clock.now(),
        )
        for day, slot in wanted
    ]
    try:
        with transaction.atomic():
            entries = WorkEntry.objects.bulk_create(entries)
    except IntegrityError:
        raise Invalid(_taken(actor, wanted), field="cells") from None
    _tell_approvers(locked, entries)
    return entries


@audited("work.withdraw", subject="entry")
def withdraw(*, actor: User, entry: WorkEntry) -> WorkEntry:
    """Take back a half day that nobody has approved yet. The row stays and the slot is free again.

    Raises Refused for anybody but the worker, Conflict when it is approved.
    """
    engagements.lock(entry.engagement)
    locked = WorkEntry.objects.select_for_update().get(pk=entry.pk)
    if locked.worker_id != actor.pk:
        raise Refused(_("You cannot withdraw this half day. Only the person who logged it can."), rule="worker")
    WORK.check(locked.state, State.WITHDRAWN)
    locked.state = State.WITHDRAWN
    locked.save(update_fields=["state"])
    return locked


@audited("work.approve", subject="engagement")
def approve(*, actor: User, engagement: Engagement, entries: Iterable[int]) -> list[WorkEntry]:
    """Approve logged half days of one engagement, by their ids. The actor is a maintainer of the project or an administrator,
    and independent of the worker and the payee.

    Raises Refused (rule role, prepared, benefits, employer, relation or recused; period where the engagement's funds may not pay
    for work of these dates), Invalid when none are chosen, Conflict when one of them is not waiting any more.
    """
    locked, chosen = _for_decision(
        actor,
        engagement,
        entries,
        act=_("approve these days"),
        refusal=_("You cannot approve these days. A maintainer of {project} or an administrator can."),
    )
    drawing.require(locked, selectors.dated(chosen), selectors.dated(selectors.approved(locked)))
    for entry in chosen:
        WORK.check(entry.state, State.APPROVED)
        entry.state, entry.approved_by, entry.approved_at = State.APPROVED, actor, clock.now()
    WorkEntry.objects.bulk_update(chosen, ["state", "approved_by", "approved_at"])
    _tell_worker("days_approved", locked, chosen, actor=actor)
    return chosen


@audited("work.return", subject="engagement")
def send_back(*, actor: User, engagement: Engagement, entries: Iterable[int], reason: str) -> list[WorkEntry]:
    """Return logged half days to the worker with a reason; their slots are free to be logged again. Raises as `approve` does.

    An approved one goes back too while no fund of the engagement may pay it (`selectors.barred`): it can be logged for other money.
    """
    locked, chosen = _for_decision(
        actor,
        engagement,
        entries,
        act=_("return these days"),
        refusal=_("You cannot return these days. A maintainer of {project} or an administrator can."),
        also=selectors.barred(engagement),
    )
    words = _text(reason, "reason", REASON_LENGTH, _("Say why, so that it can be put right."))
    for entry in chosen:
        WORK.check(entry.state, State.RETURNED)
        entry.state, entry.reason = State.RETURNED, words
    WorkEntry.objects.bulk_update(chosen, ["state", "reason"])
    if locked.state != Engagement.State.ACTIVE:
        _give_back(locked, [entry for entry in chosen if entry.approved_at])
    _tell_worker("days_returned", locked, chosen, actor=actor, reason=words)
    return chosen


@audited("engagement.end", subject="engagement")
def end_engagement(*, actor: User, engagement: Engagement, reason: str) -> Money:
    """End an engagement before its days are used up; what is not owed for approved days goes back to the funds.

    The worker, or a maintainer or administrator who is independent of the worker and the payee. Returns the sum given back.
    Raises Refused (rule role, benefits, employer, relation or recused), Invalid (no reason), Conflict while days wait for
    approval or when it is closed already.
    """
    locked = engagements.lock(engagement)
    if locked.worker_id != actor.pk:
        policies.require_ender(actor, locked)
        independence.require(actor, _("end this engagement"), **policies.interests(locked))
    _text(reason, "reason", REASON_LENGTH, _("Say why it ends now."))
    usage = selectors.usage(locked)
    if usage.logged:
        raise Conflict(
            _("{days} days wait for approval. They are approved or returned before the engagement ends.").format(
                days=days.words(usage.logged)
            )
        )
    kept = drawing.kept(locked, selectors.dated(selectors.approved(locked)))
    return engagements.close_early(engagement=locked, keep=selectors.owed(locked), kept=kept)


def _give_back(engagement: Engagement, entries: Sequence[WorkEntry]) -> None:
    """A closed engagement kept money for approved days; what is not paid under it after all goes back to the funds."""
    for entry in entries:
        engagements.give_back(engagement=engagement, amount=entry.amount, key=f"work:{entry.pk}:returned")


def _for_decision(
    actor: User, engagement: Engagement, ids: Iterable[int], *, act: str, refusal: str, also: Collection[int] = ()
) -> tuple[Engagement, list[WorkEntry]]:
    """The locked engagement and entries that `actor` may decide about: logged ones, and those of the ids `also`.

    An id of another engagement is a Conflict, as a stale one is. `act` follows “You cannot”, `refusal` is for whoever has not the role.
    """
    wanted = sorted(set(ids))
    if not wanted:
        raise Invalid(_("Choose at least one half day."), field="entries")
    locked = engagements.lock(engagement)
    independence.require(actor, act, **policies.interests(locked))
    if not policies.may_approve_for(actor, locked):
        raise Refused(refusal.format(project=locked.project), rule="role")
    chosen = list(WorkEntry.objects.select_for_update().filter(engagement=locked, pk__in=wanted).order_by("pk"))
    if len(chosen) != len(wanted) or any(entry.state != State.LOGGED and entry.pk not in also for entry in chosen):
        raise Conflict(
            _("Some of these half days were withdrawn or decided since you opened the page. Look again and choose from what is left.")
        )
    return locked, chosen


def _check_cells(engagement: Engagement, cells: Sequence[Cell]) -> None:
    if not cells:
        raise Invalid(_("Choose at least one half day."), field="cells")
    for day, slot in cells:
        if slot not in days.SLOT_NAMES:
            raise Invalid(_("A half day is a morning or an afternoon."), field="cells")
        if day > clock.today():
            raise Invalid(_("{date} is still to come. Days are logged once they are worked.").format(date=formats.date(day)), field="cells")
        if not engagement.allows(day):
            raise Invalid(_("{ref} begins on {date}.").format(ref=engagement.ref, date=formats.date(engagement.starts_on)), field="cells")


def _check_cap(engagement: Engagement, more: int) -> None:
    """Stop at 100 percent of the cap, counting what still waits for approval."""
    left = selectors.usage(engagement).left
    if more > left:
        raise Invalid(
            _("{left} of {cap} days are left under the cap, counting what waits for approval. You chose {chosen}.").format(
                left=days.words(left), cap=days.words(engagement.cap_half_days), chosen=days.words(more)
            ),
            field="cells",
        )


def _text(text: str, field: str, most: int, missing: str) -> str:
    words = " ".join(text.replace("\x00", " ").split())
    if not words:
        raise Invalid(missing, field=field)
    if len(words) > most:
        raise Invalid(_("Use at most {most} characters.").format(most=most), field=field)
    return words


def _link(address: str) -> str:
    if not address:
        return ""
    try:
        URLValidator(schemes=["http", "https"])(address)
    except ValidationError:
        raise Invalid(_("Enter an address that starts with https:// or http://."), field="evidence_url") from None
    if len(address) > WorkEntry._meta.get_field("evidence_url").max_length:  # type: ignore[operator]
        raise Invalid(_("That address is too long."), field="evidence_url")
    return address


def _taken(worker: User, cells: Sequence[Cell]) -> str:
    found = WorkEntry.objects.filter(worker=worker, date__in=[day for day, _slot in cells], state__in=selectors.CLAIMED)
    for entry in found:
        if (entry.date, entry.slot) in set(cells):
            return _("You logged {half_day} already.").format(half_day=entry.when)
    return _("You logged one of these half days already.")


def _tell_approvers(engagement: Engagement, entries: Sequence[WorkEntry]) -> None:
    for user in policies.approvers(engagement):
        mail.queue(
            kind="days_logged",
            to=user.email,
            key=f"days-logged:{entries[0].ref}:{user.pk}",
            context={
                "engagement": engagement,
                "entries": entries,
                "half_days": len(entries),
                "url": mail.absolute(reverse("timesheets:approve", args=[engagement.ref])),
            },
        )


def _tell_worker(kind: str, engagement: Engagement, entries: Sequence[WorkEntry], *, actor: User, reason: str = "") -> None:
    mail.queue(
        kind=kind,
        to=engagement.worker.email,
        key=f"{kind.replace('_', '-')}:{entries[0].ref}",
        context={
            "engagement": engagement,
            "entries": entries,
            "half_days": len(entries),
            "actor": actor,
            "reason": reason,
            "url": mail.absolute(reverse("timesheets:week")),
        },
    )
