"""`manage.py export_books`: the books as a file for somebody else's program."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser

from funding.site.reports import export
from funding.site.reports.export import rows


class Command(BaseCommand):
    help = "Writes the public books to a file or to standard output, in one snapshot. --full adds who paid and was paid, for auditors."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=sorted(export.TYPES), required=True, help="What reads the file.")
        parser.add_argument("--full", action="store_true", help="For auditors: adds names that the public books keep back.")
        parser.add_argument("--output", metavar="FILE", help="Written when it is complete, and not before. Standard output otherwise.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            summary = self._write(options["format"], options["full"], options["output"])
        except OSError as error:
            raise CommandError(f"Nothing was exported: {error}.") from error
        whose = "The full books" if options["full"] else "The public books"
        self.stderr.write(f"{whose}: {summary.describe()}.", ending="\n")

    def _write(self, form: str, full: bool, output: str | None) -> rows.Summary:
        if output is None:
            self.stdout.ending = ""  # the pieces of the file stand side by side
            return self._books(form, full, cast(TextIO, self.stdout))
        target = Path(output)
        handle, half = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            # Its maker alone may read it: --full holds names.
            with open(handle, "w", encoding="utf-8", newline="") as file:
                summary = self._books(form, full, file)
            os.replace(half, target)
        except BaseException:
            Path(half).unlink(missing_ok=True)
            raise
        return summary

    def _books(self, form: str, full: bool, to: TextIO) -> rows.Summary:
        total = rows.count()

        def progress(written: int) -> None:
            if written % 10_000 == 0:
                self.stderr.write(f"{written:,} of {total:,} transfers", ending="\n")

        return export.write(form, full=full, to=to, progress=progress)
