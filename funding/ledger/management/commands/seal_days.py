"""`manage.py seal_days`: seal every day of the books that is over and not sealed yet."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from funding.ledger.errors import LedgerError
from funding.ledger.sealing import closing


class Command(BaseCommand):
    help = "Seals each closed day in its order and prints its seal. Closes no day. Exits with an error when a day cannot be sealed."

    def handle(self, *args: Any, **options: Any) -> None:
        sealed = 0
        try:
            for day, written in closing.seal_days():
                _accounts, entries, transfers, *_rest = written.counts
                self.stdout.write(f"{day.day}  {day.seal}  {entries:,} entries, {transfers:,} transfers")
                sealed += 1
        except LedgerError as error:
            raise CommandError(f"{sealed:,} days sealed, and then: {error}") from error
        last = closing.latest()
        known = f" The last sealed day is {last.day}." if last and not sealed else ""
        self.stdout.write(f"{sealed:,} {'day' if sealed == 1 else 'days'} sealed.{known}")
