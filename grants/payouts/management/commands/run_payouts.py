from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from funding.money import total
from grants.payouts import executing
from grants.payouts.models import Payout


class Command(BaseCommand):
    help = "Pay what is released and due. Safe to run twice. Exits with 1 when a payout failed or could not be sent."

    def handle(self, *args: Any, **options: Any) -> None:
        outcome = executing.execute_due()
        for state in (Payout.State.CONFIRMED, Payout.State.FAILED, Payout.State.SENT, Payout.State.READY):
            for currency in sorted({payout.currency for payout in outcome.payouts}):
                found = [payout for payout in outcome.payouts if payout.state == state and payout.currency == currency]
                if found:
                    sum_ = total([payout.money for payout in found], currency)
                    self.stdout.write(f"{state.label.lower()}: {len(found)}, {sum_}")
        for payout in outcome.payouts:
            if payout.failure:
                self.stderr.write(f"{payout.ref} {payout.money}: {payout.failure}")
        if not outcome.payouts and not outcome.broken:
            self.stdout.write("Nothing is released and due.")
        wrong = outcome.broken + sum(payout.state != Payout.State.CONFIRMED for payout in outcome.payouts)
        if wrong:
            raise CommandError(f"{wrong} of {len(outcome.payouts) + outcome.broken} payouts are not confirmed.")
