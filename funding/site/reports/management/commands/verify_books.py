"""`manage.py verify_books`: recompute every invariant of the books, print what was found, and keep it for /books/verify/."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from funding.ledger import checks
from funding.site.reports import verifying

SHOWN = 20


class Command(BaseCommand):
    help = "Recomputes every invariant of the books in one snapshot. Exits with an error when one does not hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", nargs="+", metavar="CODE", default=[], help="Check these invariants only, such as I1 I6.")

    def handle(self, *args: Any, **options: Any) -> None:
        unknown = sorted(set(options["only"]) - set(checks.codes()))
        if unknown:
            raise CommandError(f"There is no invariant {', '.join(unknown)}. There are {', '.join(checks.codes())}.")
        _run, results = verifying.verify(*options["only"])
        for result in results:
            self._print(result)
        broken = [result.code for result in results if not result.holds]
        if broken:
            raise CommandError(f"The books do not hold: {', '.join(broken)}.")
        self.stdout.write(f"The books hold: {len(results)} of {len(results)} invariants.")

    def _print(self, result: checks.Result) -> None:
        state = "holds" if result.holds else f"{len(result.problems):,} problems"
        self.stdout.write(f"{result.code}  {state}  {result.title}")
        self.stdout.write(f"    {result.tally.describe()}")
        for problem in result.problems[:SHOWN]:
            self.stdout.write(f"    ! {problem}")
        if len(result.problems) > SHOWN:
            self.stdout.write(f"    ! and {len(result.problems) - SHOWN:,} more")
