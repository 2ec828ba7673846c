"""The verbs of reconciliation: read and compare, show, explain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import transaction
from django.db.models import F, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from funding import clock
from funding.audit.services import audited
from funding.errors import Invalid
from funding.ledger.models import Account
from funding.ledger.selectors import balances
from funding.mail import services as mail
from funding.money import Money
from funding.payments import cash, gateway, policies
from funding.payments.models import Difference, Match, ProcessorLine, Reconciliation
from funding.payments.reconciliation import claims, comparing
from funding.people import independence, roles
from funding.people.models import User
from funding.people.roles import Role
from funding.web.queue import enqueue_on_commit

GRACE = dt.timedelta(hours=6)
"""News may be late and fees are booked later, so a half that is younger than this is not missed yet."""
OVERLAP = dt.timedelta(days=3)
"""How much of what was read before is read again, so that a run that broke off half way leaves no hole."""
BEGINNING = dt.datetime(2011, 1, 1, tzinfo=dt.UTC)
"""Before the processor's first day: the first comparison reads everything."""
SKEW = dt.timedelta(minutes=1)
NIGHTLY = dt.timedelta(hours=20)
BATCH = 100
NAMED = 10
NAMED_A_RUN = 500
"""Rows of each app that are asked for by one run: seconds to a few minutes. What is older is named by the next ones."""
TASK = "funding.payments.tasks.reconcile_now"


def reconcile(*, since: dt.datetime | None = None, until: dt.datetime | None = None, grace: dt.timedelta = GRACE) -> Reconciliation:
    """Read the balance's movements of [since, until) and compare all that was ever read with the books.

    Without a window, from a little before the last comparison to now. Treasurers are mailed when something newly differs.
    Safe to repeat: a movement is written down once and an unchanged difference stays as it is. Call it outside a
    transaction. Raises Invalid for a window that is empty or not over yet; gateway.Unavailable, gateway.Rejected, and then what
    was read is kept.
    """
    now = timezone.now() + SKEW
    begin, end = since or _since(), until or now
    if end > now:
        raise Invalid(_("That time has not come yet. Without an end, everything up to now is read."), field="until")
    if begin >= end:
        raise Invalid(_("The window ends before it begins."), field="until")
    read = sum(_store(batch) for batch in _batches(gateway.balance_transactions(since=begin, until=end)))
    claims.name_movements(NAMED_A_RUN)
    held = gateway.read_balance()
    return _compare(begin, end, read, held, grace)


def run_when_due() -> Reconciliation | None:
    """Once a night by business time, and not before money has moved at the processor. Raises as `reconcile` does."""
    last = Reconciliation.objects.first()
    if last is not None and clock.now() - last.at < NIGHTLY:
        return None
    moved = ProcessorLine.objects.exists() or Account.objects.filter(code__startswith=f"{cash.CODE}:").exists()
    return reconcile() if moved else None


@audited("payments.ask_to_reconcile", subject="what")
def request(*, actor: User, what: str = "the processor's balance") -> None:
    """Compare soon, in a worker, however young the movements are. Raises Refused."""
    policies.require_keeper(actor)
    enqueue_on_commit(TASK)


@audited("payments.explain_difference", subject="difference")
def explain(*, actor: User, difference: Difference, reason: str) -> Difference:
    """Say why a difference is so, and close it. It opens again should its sums change.

    Raises Refused for anybody but a treasurer, and (rule `prepared`) for whoever asked for or approved what it is about;
    Conflict when it is not open, Invalid(field="reason").
    """
    roles.require(actor, Role.TREASURER)
    row = Difference.objects.select_for_update(of=("self",)).get(pk=difference.pk)
    independence.require(actor, _("close this difference"), prepared_by=User.objects.filter(pk__in=makers_of(row)))
    if not reason.strip():
        raise Invalid(_("Say why this difference is right."), field="reason")
    Difference.LIFECYCLE.check(row.state, Difference.State.EXPLAINED)
    row.state, row.explanation = Difference.State.EXPLAINED, reason.strip()
    row.closed_by, row.closed_at = actor, clock.now()
    row.save()
    return row


def makers_of(difference: Difference) -> set[int]:
    """The ids of the users who decided what the difference is about, as far as the apps know."""
    about = Match.objects.filter(line=difference.line) if difference.line_id else Match.objects.filter(entry=difference.entry)
    rows = list(about)
    entries = {row.entry_id for row in rows} | ({difference.entry_id} if difference.entry_id else set())
    return {pk for row in rows for pk in row.made_by} | claims.makers(sorted(entries))


@dataclass(frozen=True, slots=True)
class Standing:
    """One currency at the last comparison. `listed` is how much of the gap the differences account for, open or explained."""

    processor: Money
    books: Money
    listed: Money

    @property
    def apart(self) -> Money:
        return self.processor - self.books

    @property
    def unaccounted(self) -> Money:
        return self.apart - self.listed


@dataclass(frozen=True, slots=True)
class Overview:
    last: Reconciliation | None
    standings: tuple[Standing, ...]


def overview() -> Overview:
    """The last comparison and where each currency stands. Two queries."""
    last = Reconciliation.objects.first()
    gaps = Difference.objects.exclude(state=Difference.State.SETTLED).order_by().values("currency")
    listed = dict(gaps.annotate(gap=Sum(F("at_processor") - F("in_books"))).values_list("currency", "gap"))
    standings = []
    for row in last.balances if last else []:
        sums = (row["processor"], row["books"], listed.get(row["currency"], 0))
        standings.append(Standing(*(Money(sum_, row["currency"]) for sum_ in sums)))
    return Overview(last, tuple(standings))


def _since() -> dt.datetime:
    """A little before the end of what was read without a gap. A window of somebody's own that left one does not hide it."""
    read = BEGINNING
    for since, until in Reconciliation.objects.order_by("since").values_list("since", "until"):
        if since > read:
            break
        read = max(read, until)
    return max(BEGINNING, read - OVERLAP)


def _batches(entries: Iterable[gateway.BalanceTransaction]) -> Iterator[list[gateway.BalanceTransaction]]:
    iterator = iter(entries)
    while batch := list(islice(iterator, BATCH)):
        yield batch


@transaction.atomic
def _store(batch: list[gateway.BalanceTransaction]) -> int:
    """Write down what is new of these. Returns how many that were."""
    known = set(ProcessorLine.objects.filter(txn_id__in=[entry.id for entry in batch]).values_list("txn_id", flat=True))
    new = [
        ProcessorLine(
            txn_id=entry.id,
            kind=entry.kind,
            amount=entry.amount,
            fee=entry.fee,
            net=entry.net,
            currency=entry.currency,
            source=entry.source,
            created_at=entry.created,
            available_on=entry.available_on,
            read_at=timezone.now(),
        )
        for entry in batch
        if entry.id not in known
    ]
    # Another run may be reading the same movements at this moment.
    ProcessorLine.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


@transaction.atomic
def _compare(since: dt.datetime, until: dt.datetime, read: int, held: tuple[gateway.Balance, ...], grace: dt.timedelta) -> Reconciliation:
    compared = comparing.compare(grace=grace)
    run = Reconciliation.objects.create(
        at=clock.now(),
        since=since,
        until=until,
        read=read,
        matched=compared.matched,
        opened=len(compared.opened),
        settled=compared.settled,
        balances=_balances(held),
    )
    if compared.opened:
        _tell(run, compared.opened)
    return run


def _balances(held: tuple[gateway.Balance, ...]) -> list[dict[str, str | int]]:
    ours = balances(Account.objects.filter(code__startswith=f"{cash.CODE}:")).values()
    books = {balance.account.currency: balance.amount.amount for balance in ours}
    theirs = {balance.total.currency: balance.total.amount for balance in held}
    return [{"currency": code, "processor": theirs.get(code, 0), "books": books.get(code, 0)} for code in sorted(books.keys() | theirs)]


def _tell(run: Reconciliation, opened: tuple[Difference, ...]) -> None:
    url = mail.absolute(reverse("payments:reconciliation"))
    for user in roles.holders(Role.TREASURER):
        mail.queue(
            kind="reconciliation_differs",
            to=user.email,
            key=f"reconciliation:{run.pk}:{user.pk}",
            context={"opened": opened[:NAMED], "count": len(opened), "more": max(0, len(opened) - NAMED), "url": url},
        )
