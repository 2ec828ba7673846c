"""An engagement begins with a determination, and it ends when its days are paid or when somebody ends it.

Nothing here knows days of work; how much may be released on ending is worked out by `timesheets` and passed in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from funding import clock, days
from funding.audit.services import record
from funding.errors import Conflict, Invalid
from funding.funds.models import Fund
from funding.ledger import services as ledger
from funding.ledger.models import Reservation
from funding.mail import services as mail
from funding.money import Money
from funding.states import lifecycle
from grants.engagements import policies
from grants.engagements.models import Engagement, EngagementFund
from grants.proposals.models import Proposal

ENGAGEMENT = lifecycle("engagement", active="complete ended", complete="", ended="")


@transaction.atomic
def adopt(*, proposal: Proposal, half_days: int, rate: Money, reservations: Sequence[Reservation], starts_on: dt.date) -> Engagement:
    """Make the engagement of a funded proposal and take over what was reserved for it, in the order given.

    Runs inside the determination's transaction and once per proposal; a repeat returns the first. Raises Invalid when
    the reservations do not add up to `half_days` (integer half days) at `rate` (a day), or are in another currency.
    """
    existing = Engagement.objects.filter(proposal=proposal).first()
    if existing is not None:
        return existing
    price = days.price(half_days, rate)
    held = sum(reservation.open for reservation in reservations)
    if held != price.amount or any(reservation.account.currency != rate.currency for reservation in reservations):
        raise Invalid(
            _("{days} days at {rate} a day cost {price}, and {held} was reserved.").format(
                days=days.words(half_days), rate=rate, price=price, held=Money(held, rate.currency)
            )
        )
    engagement = Engagement.objects.create(
        proposal=proposal,
        project=proposal.project,
        worker=proposal.applicant,
        payee=proposal.payee,
        title=proposal.title,
        cap_half_days=half_days,
        rate_amount=rate.amount,
        currency=rate.currency,
        starts_on=starts_on,
        created_at=clock.now(),
    )
    funds = {fund.account_id: fund for fund in Fund.objects.filter(account__in=[reservation.account_id for reservation in reservations])}
    for position, reservation in enumerate(reservations):
        EngagementFund.objects.create(engagement=engagement, fund=funds[reservation.account_id], reservation=reservation, position=position)
    record(actor=None, act="engagement.begin", subject=engagement)
    _tell_worker(engagement)
    return engagement


def lock(engagement: Engagement) -> Engagement:
    """The row under lock, with its people. Every verb on days of work takes this lock first (docs/payouts.md, order of locks)."""
    found = Engagement.objects.select_for_update(of=("self",)).select_related("proposal", "project", "worker", "payee")
    return found.get(pk=engagement.pk)


@transaction.atomic
def complete(*, engagement: Engagement) -> Engagement:
    """Close an engagement whose whole cap is paid. A repeat, or one that is closed already, changes nothing."""
    locked = lock(engagement)
    if locked.state == Engagement.State.ACTIVE:
        _close(locked, Engagement.State.COMPLETE)
        record(actor=None, act="engagement.complete", subject=locked)
    return locked


@transaction.atomic
def close_early(*, engagement: Engagement, keep: Money, kept: Mapping[int, int] | None = None) -> Money:
    """End an active engagement, keep `keep` reserved for approved days, and give the rest back to the funds. Returns what was given back.

    `kept` says which fund has to keep how much of it, in minor units by EngagementFund id (`drawing.kept`). Beyond that the last
    fund in the drawing order gives back first. Raises Conflict when the engagement is not active.
    """
    locked = lock(engagement)
    ENGAGEMENT.check(locked.state, Engagement.State.ENDED)
    sources = list(locked.funds.select_related("reservation", "fund").order_by("-position"))
    surplus = sum(source.reservation.open for source in sources) - keep.amount
    if surplus < 0:
        raise Conflict(_("{keep} is owed for approved days, and less than that is reserved.").format(keep=keep))
    parts, left = [], surplus
    for source in sources:
        part = min(left, source.reservation.open - (kept or {}).get(source.pk, 0))
        left -= part
        if part:
            parts.append((source, part))
    # The ledger locks accounts by id (docs/ledger.md), and so does whoever calls it more than once.
    for source, part in sorted(parts, key=lambda found: found[0].reservation.account_id):
        key = f"engagement:{locked.ref}:end:{source.position}"
        ledger.release(reservation=source.reservation, amount=part, key=key, at=clock.now())
    _close(locked, Engagement.State.ENDED)
    return Money(surplus, locked.currency)


@transaction.atomic
def give_back(*, engagement: Engagement, amount: Money, key: str) -> None:
    """Give back what a closed engagement kept for days that are not paid under it after all, last fund first. Lock it first."""
    left = amount.amount
    for source in engagement.funds.select_related("reservation").order_by("-position"):
        part = min(left, source.reservation.open)
        left -= part
        if part:
            ledger.release(reservation=source.reservation, amount=part, key=f"{key}:{source.position}", at=clock.now())


def _close(engagement: Engagement, state: str) -> None:
    ENGAGEMENT.check(engagement.state, state)
    engagement.state = state
    engagement.ends_on = max(clock.today(), engagement.starts_on)
    engagement.save(update_fields=["state", "ends_on"])


def _tell_worker(engagement: Engagement) -> None:
    mail.queue(
        kind="engagement_begun",
        to=engagement.worker.email,
        key=f"engagement-begun:{engagement.ref}",
        context={
            "engagement": engagement,
            "url": mail.absolute(engagement.get_absolute_url()),
            "approvers": [user.name for user in policies.approvers(engagement)],
        },
    )
