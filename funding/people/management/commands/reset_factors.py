"""The operator's way in for an administrator who lost their second factor when there is no other administrator to ask."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from funding.errors import DaybookError
from funding.people import factors
from funding.people.models import User


class Command(BaseCommand):
    help = "Take away the second factor of somebody who lost it. They are signed out, told by mail, and set up a new one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", default="", help="whose")
        parser.add_argument("--reason", default="", help="why, and how you made sure that it is them; kept in the audit log")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].lower()).first()
        if user is None:
            raise CommandError("Name an account with --email.")
        try:
            count = factors.reset(actor=None, user=user, reason=options["reason"])
        except DaybookError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Second factors of {user} taken away: {count}. They are signed out everywhere.")
