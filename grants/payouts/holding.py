"""Why a payee is paid nothing now, and how a payout is set aside for it. A held payout has no lines: its half days are free.

Asked three times, because the reason may arise at any moment: when a run is prepared, when it is released, and when each
payout is about to be sent. What is held goes into a later run by itself once the reason is gone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Sum
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import record
from funding.components import formats
from funding.mail import services as mail
from funding.people.models import Party
from grants.engagements import drawing
from grants.engagements.models import Engagement
from grants.payouts.models import PAYOUT, Freeze, PayeeChange, Payout, PayoutLine, PayoutRun, PayoutShare

State = Payout.State


@dataclass(frozen=True, slots=True)
class Hold:
    """Why nothing is paid, what ends it, and when it ends by itself (None: when somebody does something)."""

    reason: str
    remedy: str
    until: dt.datetime | None = None


def of(parties: Iterable[Party]) -> dict[int, Hold]:
    """Party id → why it is paid nothing now, for frozen payees and those whose details changed lately. Two queries."""
    names = {party.pk: party.name for party in parties}
    cooling = PayeeChange.objects.filter(party__in=names, holds_until__gt=clock.now()).order_by("holds_until", "pk")
    found = {change.party_id: _cooling(names[change.party_id], change) for change in cooling}
    for freeze in Freeze.objects.filter(party__in=names, lifted_at=None):
        name = names[freeze.party_id]
        found[freeze.party_id] = Hold(
            _("Somebody who got the news that the details of {name} changed said on {day} that it was not them.").format(
                name=name, day=_day(freeze.at)
            ),
            _("A treasurer finds out what happened and lifts it. Nothing is paid before."),
        )
    return found


def lasting(payout: Payout) -> Hold | None:
    """Why this payout's payee is paid nothing now, or what forbids a planned one, in English: for a row, whoever reads it later."""
    return of_payouts([payout]).get(payout)


def of_payouts(payouts: Sequence[Payout]) -> dict[Payout, Hold]:
    """`lasting` of several payouts: those of them that have such a reason."""
    with translation.override(None):
        by_payee = of(payout.payee for payout in payouts)
        return {payout: hold for payout in payouts if (hold := by_payee.get(payout.payee_id) or forbidden(payout))}


def barred_remedy(engagement: Engagement) -> str:
    """What ends it that no fund of an engagement may pay a half day any more."""
    return _("Whoever approves the days of {ref} may return them, so that they are logged for other money. The rest is paid.").format(
        ref=engagement.ref
    )


def forbidden(payout: Payout) -> Hold | None:
    """The rule of a fund that keeps a planned payout from being paid today (its closeout has passed since), if one does. Three queries."""
    shares = PayoutShare.objects.filter(line__payout=payout).exclude(source__fund__closeout_on=None, source__fund__ends_on=None)
    related = shares.select_related("source__fund__project", "line__work_entry__engagement__project")
    for share in related.prefetch_related("source__fund__projects").order_by("pk"):
        entry = share.line.work_entry
        if breach := drawing.breach(entry.engagement, share.source, entry.date, clock.today()):
            said = _("{ref} of {day} cannot be paid.").format(ref=entry.ref, day=formats.date(entry.date)) + f" {breach.sentence}"
            return Hold(said[:300], barred_remedy(entry.engagement))
    return None


def _cooling(name: str, change: PayeeChange) -> Hold:
    said = (
        _("The bank details of {name} changed on {day}, so nothing is paid there before {until}.")
        if change.what == PayeeChange.What.BANK
        else _("Who acts for the payee {name} changed on {day}, so nothing is paid there before {until}.")
    )
    return Hold(
        said.format(name=name, day=_day(change.at), until=formats.text(change.holds_until)),
        _("The half days go into the next run by themselves."),
        change.holds_until,
    )


def _day(at: dt.datetime) -> str:
    return formats.date(at.date())


@transaction.atomic
def set_aside_prepared(*, party: Party) -> None:
    """Hold what runs that wait for their release would pay this payee, if there is a reason to."""
    runs = PayoutRun.objects.filter(state=PayoutRun.State.PREPARED, payouts__payee=party, payouts__state=State.READY)
    for pk in list(runs.order_by("pk").values_list("pk", flat=True)):
        set_aside_held(run_id=pk)


@transaction.atomic
def set_aside_held(*, run_id: int) -> list[Payout]:
    """Hold each payout of a run that waits for its release whose payee may not be paid now. The control total becomes less.

    Whoever read the run before has to read it again: its total is another one. Returns what was set aside.
    """
    run = PayoutRun.objects.select_for_update().get(pk=run_id)
    if run.state != PayoutRun.State.PREPARED:
        return []
    payouts = list(run.payouts.select_for_update(of=("self",)).select_related("payee").filter(state=State.READY).order_by("pk"))
    holds = of_payouts(payouts)
    held = list(holds)
    for payout, hold in holds.items():
        set_aside(payout, hold)
    if held:
        left = run.payouts.filter(state=State.READY)
        run.control_total, run.count = left.aggregate(sum=Sum("amount"))["sum"] or 0, left.count()
        run.save(update_fields=["control_total", "count"])
    return held


def set_aside(payout: Payout, hold: Hold) -> None:
    """Hold one locked payout that is not sent: its half days are free for a later run, and the payee reads why.

    Raises IllegalTransition for any other: its money has left the funds, and its half days are in the books.
    """
    PAYOUT.check(payout.state, State.HELD)
    PayoutShare.objects.filter(line__payout=payout).delete()
    PayoutLine.objects.filter(payout=payout).delete()
    payout.state, payout.hold_reason, payout.hold_remedy, payout.next_try_at = State.HELD, hold.reason[:300], hold.remedy[:300], None
    payout.save()
    record(actor=None, act="payouts.hold", subject=payout, reason=hold.reason)
    tell(payout)


def tell(payout: Payout) -> None:
    """Tell the payee that a payout waits, why, and what ends it."""
    if payout.payee.email:
        mail.queue(
            kind="payout_held",
            to=payout.payee.email,
            key=f"payout-held:{payout.ref}",
            context={"payout": payout, "url": mail.absolute(reverse("payouts:account"))},
        )
