"""`manage.py erase_sealed`: destroy what opens one commitment of a sealed day. The day, its seal and all sums stay."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from funding.errors import Invalid
from funding.ledger.sealing import commitments


class Command(BaseCommand):
    help = "Destroys salt and text of a row of a sealed day, for good: 12 is an entry's reference, 12.1 the party of its first line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--row", nargs="+", required=True, help="An entry such as 12, or a line of it such as 12.1.")
        parser.add_argument("--reason", required=True, help="Why. It stays in the audit log, so name nobody in it.")

    def handle(self, *args: Any, **options: Any) -> None:
        erased = 0
        for row in options["row"]:
            try:
                erased += commitments.erase(actor=None, row=row, reason=options["reason"])
            except Invalid as error:
                raise CommandError(f"{erased:,} erased, and then: {error}") from error
        self.stdout.write(f"{erased:,} of {len(options['row']):,} erased; the others were not there, or were erased before.")
