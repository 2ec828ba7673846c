"""I9, recomputed from the rows and from the books: what `manage.py verify_books` says about payouts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from funding.ledger.checks import Tally
from funding.ledger.models import Transfer
from funding.money import Money
from grants.payouts.models import Payout, PayoutLine, PayoutShare
from grants.timesheets.models import WorkEntry

PAID = (Payout.State.SENT, Payout.State.CONFIRMED, Payout.State.FAILED)


def payouts_are_their_work(tally: Tally) -> Iterator[str]:
    """A payout is the sum of its approved half days at the rate kept on them, and each is paid at most once."""
    yield from _sums(tally)
    yield from _lines(tally)
    yield from _paid_once()


def _summed(rows: QuerySet[Any]) -> Coalesce:
    """The sum of `amount` over rows that name a payout as `payout_id`."""
    return Coalesce(Subquery(rows.order_by().values("of").annotate(sum=Sum("amount")).values("sum")), 0)


def _sums(tally: Tally) -> Iterator[str]:
    lines = PayoutLine.objects.filter(payout=OuterRef("pk")).annotate(of=F("payout"))
    shares = PayoutShare.objects.filter(line__payout=OuterRef("pk")).annotate(of=F("line__payout"))
    owed = Transfer.objects.filter(entry=OuterRef("sent_entry")).annotate(of=F("entry"))
    settled = Transfer.objects.filter(entry=OuterRef("confirmed_entry")).annotate(of=F("entry"))
    found = Payout.objects.annotate(
        in_lines=_summed(lines), in_shares=_summed(shares), in_sent=_summed(owed), in_confirmed=_summed(settled)
    )
    for payout in found.order_by("pk").iterator():
        tally.count("payouts")
        expected = {"its half days": payout.in_lines, "its funds' shares": payout.in_shares}
        if payout.state in PAID:
            tally.add("sent", payout.currency, payout.amount)
            expected["what was taken from the funds"] = payout.in_sent
        if payout.state == Payout.State.CONFIRMED:
            tally.add("confirmed", payout.currency, payout.amount)
            expected["what was settled"] = payout.in_confirmed
        without_lines = payout.state in (Payout.State.HELD, Payout.State.CANCELLED)
        for what, amount in expected.items():
            if amount != (0 if without_lines else payout.amount):
                yield f"{payout.ref} ({payout.state}) is {payout.money} and {what} add up to {Money(amount, payout.currency)}."


def _lines(tally: Tally) -> Iterator[str]:
    """Each line is its approved half day, at half the rate kept on it, for the engagement's own payee, from its own funds."""
    lines = PayoutLine.objects.annotate(
        foreign=Count("shares", filter=~Q(shares__source__engagement=F("work_entry__engagement"))),
    )
    tally.count("half days in payouts", lines.count())
    wrong = lines.exclude(
        work_entry__state=WorkEntry.State.APPROVED,
        amount__exact=F("work_entry__rate_amount") / 2,
        work_entry__currency=F("payout__currency"),
        work_entry__engagement__payee=F("payout__payee"),
        foreign=0,
    )
    for line in wrong.select_related("payout", "work_entry"):
        yield f"The line of {line.work_entry.ref} in {line.payout.ref} is not an approved half day of that payee at the rate kept on it."


def _paid_once() -> Iterator[str]:
    """In the books: what left the funds for one half day is its price, once."""
    taken = Transfer.objects.filter(kind="payout_sent", about_kind="work", about_id=OuterRef("pk"))
    summed = taken.order_by().values("about_id").annotate(sum=Sum("amount")).values("sum")
    for entry in WorkEntry.objects.annotate(taken=Subquery(summed)).exclude(taken=None).exclude(taken=F("rate_amount") / 2).iterator():
        yield f"{entry.ref} costs {entry.amount} and {Money(entry.taken, entry.currency)} was taken from the funds for it."
