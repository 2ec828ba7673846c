"""What a payout was for, told to who is paid and to who worked: one mail each, with the half days, rates and sums."""

from __future__ import annotations

from collections.abc import Iterable

from funding.mail import services as mail
from funding.money import Money, total
from grants.payouts.models import Payout, PayoutLine, PayoutTransfer


def lines_of(payout: Payout) -> list[PayoutLine]:
    """The half days of a payout with all that a page or a mail shows of them, in the order of the calendar."""
    related = payout.lines.select_related("work_entry__worker", "work_entry__engagement__project", "work_entry__approved_by")
    return list(related.prefetch_related("shares__source__fund").order_by("work_entry__date", "work_entry__slot", "pk"))


def send(payout: Payout, transfer: PayoutTransfer) -> None:
    """Queue the advice of one transfer to the payee, and to each worker who is somebody else, for their own half days only.

    A transfer of the part that came back is told to the payee alone: nobody's half days are new in it.
    """
    lines = lines_of(payout)
    _queue(payout, transfer, payout.payee.email, payout.payee.name, lines)
    if transfer.amount < payout.net.amount:
        return
    workers = {line.work_entry.worker for line in lines}
    for worker in sorted(workers, key=lambda user: user.pk):
        if worker.email.lower() != payout.payee.email.lower():
            _queue(payout, transfer, worker.email, worker.name, [line for line in lines if line.work_entry.worker_id == worker.pk])


def _queue(payout: Payout, transfer: PayoutTransfer, to: str, name: str, lines: Iterable[PayoutLine]) -> None:
    entries = [line.work_entry for line in lines]
    part = transfer.amount < payout.net.amount
    mail.queue(
        kind="remittance",
        to=to,
        key=f"remittance:{payout.ref}:{payout.attempt}:{to}",
        context={
            "name": name,
            "payout": payout,
            "transfer": transfer,
            "entries": entries,
            "part": part,
            "withheld": Money(payout.withheld, payout.currency) if payout.withheld and not part and to == payout.payee.email else None,
            "half_days": len(entries),
            "sum": Money(transfer.amount, payout.currency) if part else total([entry.amount for entry in entries], payout.currency),
            "url": mail.absolute(payout.get_absolute_url()),
        },
    )
