"""`manage.py reconcile`: read the processor's balance and compare it with the books, now."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from funding.errors import DaybookError
from funding.payments import reconciliation
from funding.payments.models import Difference

SHOWN = 20


def day(text: str) -> dt.datetime:
    return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(), dt.UTC)


class Command(BaseCommand):
    help = "Compares the processor's balance with the books. Exits with an error while a difference is open."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=day, metavar="YYYY-MM-DD", help="read from this day on; without it, from the last comparison")
        parser.add_argument("--until", type=day, metavar="YYYY-MM-DD", help="read up to this day, itself not included; without it, to now")
        parser.add_argument("--grace", type=int, metavar="HOURS", default=6, help="how old a half must be before its other is missed")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["grace"] < 0:
            raise CommandError("--grace cannot be below zero.")
        grace = dt.timedelta(hours=options["grace"])
        try:
            run = reconciliation.reconcile(since=options["since"], until=options["until"], grace=grace)
        except DaybookError as error:
            raise CommandError(error.message) from error
        self.stdout.write(
            f"Movements read {run.read:,}, matched {run.matched:,}. Differences opened {run.opened:,}, settled {run.settled:,}."
        )
        for standing in reconciliation.overview().standings:
            self.stdout.write(f"{standing.processor} at the processor, {standing.books} in the books, {standing.apart} apart.")
        self._open()

    def _open(self) -> None:
        rows = Difference.objects.filter(state=Difference.State.OPEN).select_related("line").order_by("pk")
        for row in rows[:SHOWN]:
            self.stdout.write(f"    ! {row}: {row.processor_money} at the processor, {row.books_money} in the books")
        count = rows.count()
        if count > SHOWN:
            self.stdout.write(f"    ! and {count - SHOWN:,} more")
        if count:
            raise CommandError(f"Differences that are open: {count:,}.")
        self.stdout.write("The processor and the books agree.")
