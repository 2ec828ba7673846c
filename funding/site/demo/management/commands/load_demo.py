"""Load the demo's story, or list its people."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from funding.errors import DaybookError
from funding.ledger.models import Entry
from funding.mail.models import Message
from funding.site.demo.models import Person
from funding.site.demo.story import player
from funding.site.reports import verifying


class Command(BaseCommand):
    help = "Load the demo's people and eight months of their story. Safe to run twice. --people lists whom you can become."

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--people", action="store_true", help="list the demo's people and their parts, and load nothing")
        choice.add_argument("--short", action="store_true", help="tell it with a few sponsors and without the quiet days")
        choice.add_argument("--empty", action="store_true", help="load no story: an empty host on the real calendar")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("DEMO is not 1. The story is only loaded into a demo.")
        if options["people"]:
            self.list_people()
        elif options["empty"]:
            player.stand_still()
            self.stdout.write("The calendar is the real one, and nothing is loaded.")
        else:
            self.load(short=options["short"])

    def list_people(self) -> None:
        people = list(Person.objects.exclude(group="").select_related("user"))
        width = max((len(person.user.name) for person in people), default=0)
        for person in people:
            self.stdout.write(f"{person.user.name:<{width}}  {person.get_group_display()}: {person.part}")

    def load(self, *, short: bool) -> None:
        began = time.monotonic()
        try:
            played = player.play(self.say, short=short)
        except DaybookError as error:
            raise CommandError(f"The story stopped: {error.message}") from error
        if not played:
            return
        # So that the page of what was verified tells of today and not of the day on which the story began.
        verifying.verify()
        seconds = time.monotonic() - began
        counts = f"{Person.objects.count()} people, {Entry.objects.count()} entries in the books, {Message.objects.count()} mails"
        self.stdout.write(f"The story is loaded: {counts}, in {seconds:.0f} s.")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
