"""I9, recomputed from the rows and from the books: what `manage.py verify_books` says about payouts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from funding.ledger.checks import Tally
from funding.ledger.models import Transfer
from funding.money import Money
from grants.payouts import books
from grants.payouts.models import DebtCancellation, Payout, PayoutLine, PayoutReturn, PayoutShare, PayoutTransfer, Withholding
from grants.timesheets.models import WorkEntry

PAID = (Payout.State.SENT, Payout.State.CONFIRMED, Payout.State.FAILED, Payout.State.WRITTEN_OFF)


def payouts_are_their_work(tally: Tally) -> Iterator[str]:
    """A payout is the sum of its approved half days at the rate kept on them, and each is paid at most once."""
    yield from _sums(tally)
    yield from _settled(tally)
    yield from _booked()
    yield from _lines(tally)
    yield from _paid_once()


def _summed(rows: QuerySet[Any]) -> Coalesce:
    """The sum of `amount` over rows that name a payout as `payout_id`."""
    return Coalesce(Subquery(rows.order_by().values("of").annotate(sum=Sum("amount")).values("sum")), 0)


def _sums(tally: Tally) -> Iterator[str]:
    lines = PayoutLine.objects.filter(payout=OuterRef("pk")).annotate(of=F("payout"))
    shares = PayoutShare.objects.filter(line__payout=OuterRef("pk")).annotate(of=F("line__payout"))
    owed = Transfer.objects.filter(entry=OuterRef("sent_entry")).annotate(of=F("entry"))
    found = Payout.objects.annotate(in_lines=_summed(lines), in_shares=_summed(shares), in_sent=_summed(owed))
    for payout in found.order_by("pk").iterator():
        tally.count("payouts")
        expected = {"its half days": payout.in_lines, "its funds' shares": payout.in_shares}
        if payout.state in PAID:
            tally.add("sent", payout.currency, payout.amount)
            expected["what was taken from the funds"] = payout.in_sent
        without_lines = payout.state in (Payout.State.HELD, Payout.State.CANCELLED)
        for what, amount in expected.items():
            if amount != (0 if without_lines else payout.amount):
                yield f"{payout.ref} ({payout.state}) is {payout.money} and {what} add up to {Money(amount, payout.currency)}."


def _settled(tally: Tally) -> Iterator[str]:
    """What was settled, less what came back, plus what was cancelled and what is outstanding, is the payout."""
    transfers = PayoutTransfer.objects.filter(payout=OuterRef("pk")).annotate(of=F("payout"))
    returns = PayoutReturn.objects.filter(transfer__payout=OuterRef("pk")).annotate(of=F("transfer__payout"))
    cancelled = DebtCancellation.objects.filter(payout=OuterRef("pk"), state=DebtCancellation.State.DONE).annotate(of=F("payout"))
    found = Payout.objects.filter(state__in=PAID).annotate(
        settled=_summed(transfers), returned=_summed(returns), cancelled=_summed(cancelled)
    )
    for payout in found.order_by("pk").iterator():
        paid = payout.settled - payout.returned
        tally.add("with payees", payout.currency, paid)
        if paid + payout.cancelled + payout.outstanding + payout.withheld != payout.amount:
            with_payee, owed = Money(paid, payout.currency), payout.owed
            gone, kept = Money(payout.cancelled, payout.currency), Money(payout.withheld, payout.currency)
            yield (
                f"{payout.ref} ({payout.state}) is {payout.money}; {with_payee} is with the payee, "
                f"{gone} cancelled, {owed} outstanding, {kept} withheld."
            )


def _booked() -> Iterator[str]:
    """Each transfer, return and cancellation is the sum of its entry; what is outstanding is what the books still owe."""
    rows: list[tuple[str, QuerySet[Any]]] = [
        ("transfer", PayoutTransfer.objects.all()),
        ("return", PayoutReturn.objects.all()),
        ("cancelled debt", DebtCancellation.objects.filter(state=DebtCancellation.State.DONE)),
    ]
    for name, found in rows:
        lines = Transfer.objects.filter(entry=OuterRef("entry")).exclude(settles__kind="tax_withheld").annotate(of=F("entry"))
        for row in found.annotate(in_books=_summed(lines)).exclude(amount=F("in_books")):
            yield f"The {name} {row} is {row.amount} in minor units and its entry {row.entry_id} is {row.in_books}."
    taxed = Transfer.objects.filter(kind="tax_withheld", entry=OuterRef("withheld_entry")).annotate(of=F("entry"))
    kept = Payout.objects.filter(state__in=PAID).annotate(in_books=_summed(taxed))
    for wrong in kept.exclude(withheld=F("in_books")).order_by("pk"):
        yield f"{wrong.ref} withholds {wrong.withheld} in minor units and its entry is {wrong.in_books}."
    yield from _withheld()
    for payout in Payout.objects.filter(state__in=PAID).order_by("pk").iterator():
        owed = sum(item.open for item in books.open_items(payout)) if payout.outstanding else 0
        if owed != payout.outstanding:
            yield f"{payout.ref} says that {payout.owed} is outstanding and the books owe {Money(owed, payout.currency)}."


def _withheld() -> Iterator[str]:
    """A payout withholds what was last said of it, and gives back of it what its cancelled debts say."""
    said = Withholding.objects.filter(payout=OuterRef("pk")).order_by("-pk").values("amount")[:1]
    for payout in Payout.objects.annotate(said=Coalesce(Subquery(said), 0)).exclude(withheld=F("said")).order_by("pk"):
        yield f"{payout.ref} withholds {payout.withheld} in minor units and {payout.said} was last said."
    lines = Transfer.objects.filter(entry=OuterRef("entry"), settles__kind="tax_withheld").annotate(of=F("entry"))
    done = DebtCancellation.objects.filter(state=DebtCancellation.State.DONE).annotate(in_books=_summed(lines))
    for debt in done.exclude(withheld=F("in_books")).order_by("pk"):
        yield f"The cancelled {debt} gives back {debt.withheld} of withheld tax in minor units and its entry {debt.in_books}."


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
