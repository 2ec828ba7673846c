from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sponsors.goals import services


class Command(BaseCommand):
    help = "Close goals at their deadline, collect the pledges, remind, drop what stays unpaid, finish. Safe to run twice."

    def handle(self, *args: Any, **options: Any) -> None:
        run = services.collect_goals()
        self.stdout.write(str(run))
        if run.errors:
            raise CommandError(f"{run.errors} errors; the log has each of them. Running this again is safe.")
