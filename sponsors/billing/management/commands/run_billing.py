from __future__ import annotations

import datetime as dt
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from funding.errors import Conflict
from sponsors.billing import services


def calendar_date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is not a date. Write it as year-month-day, such as 2026-12-31.") from None


class Command(BaseCommand):
    help = "Renew what is due, take the steps of what is unpaid, settle open payments, end what has run out. Safe to run twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--until",
            type=calendar_date,
            metavar="YYYY-MM-DD",
            help="bill what was due up to this date and nothing later (today unless told)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        swept = services.sweep(limit=10_000)
        self.stdout.write(f"Looked at {swept.looked} open payments; {swept.failed} could not be settled.")
        try:
            run = services.run_billing(until=options["until"])
            steps = services.run_dunning(until=options["until"])
        except Conflict as error:
            raise CommandError(error.message) from error
        self.stdout.write(str(run))
        self.stdout.write(str(steps))
        failed = swept.failed + run.failed + steps.failed
        if failed:
            raise CommandError(f"{failed} errors; the log has each of them. Running this again is safe.")
