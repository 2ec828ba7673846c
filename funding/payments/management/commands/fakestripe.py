"""Replaces this process by the stand-in for Stripe, with the conformance filter in front of it."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

CHECK = "funding.payments.conformance:check"
EVENTS = "funding.payments.handlers:EVENTS"


class Command(BaseCommand):
    help = "Run the stand-in for Stripe on this machine. No money moves. Its database: FAKESTRIPE_DATABASE_URL."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8010, help="where it listens on 127.0.0.1")

    def handle(self, *args: Any, **options: Any) -> None:
        if not os.environ.get("FAKESTRIPE_DATABASE_URL"):
            raise CommandError("FAKESTRIPE_DATABASE_URL is not set. It names the stand-in's own database: postgres://user@host/name.")
        if "_live_" in settings.STRIPE_SECRET_KEY:
            raise CommandError("STRIPE_SECRET_KEY is a live key. The stand-in is for test keys only.")
        secret = settings.STRIPE_WEBHOOK_SECRET.split()
        environment = {**os.environ, "FAKESTRIPE_WEBHOOK_SECRET": secret[0] if secret else ""}
        url = os.environ.get("FAKESTRIPE_WEBHOOK_URL") or f"{settings.BASE_URL}/webhooks/stripe/"
        command = [sys.executable, "-m", "funding.payments.fakestripe", "--port", str(options["port"])]
        sys.stdout.flush()
        endpoint = ["--webhook-url", url, "--webhook-events", EVENTS]
        os.execve(sys.executable, [*command, *endpoint, "--check", CHECK], environment)
