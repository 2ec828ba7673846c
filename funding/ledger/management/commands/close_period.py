"""`manage.py close_period --through 2026-03-31`: close the books up to a date. docs/ledger.md tells what that changes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from funding.ledger import services
from funding.ledger.errors import LedgerError


class Command(BaseCommand):
    help = "Closes every period up to and including a date. Safe to repeat; an earlier date changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--through", required=True, type=dt.date.fromisoformat, metavar="YYYY-MM-DD", help="The last date of the period, UTC."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            closed = services.close_period(actor=None, through=options["through"])
        except LedgerError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"The books are closed up to {closed}. What is posted from now on is dated after it.")
