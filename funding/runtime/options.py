"""What bin/demo and bin/test take. Imports nothing that must be installed, so that help can be had first."""

from __future__ import annotations

import argparse
import os

TEST_HELP = """usage: bin/test [--all] [arguments of pytest]

Runs the tests with a PostgreSQL and a Redis of their own, which are gone afterwards. Where DATABASE_URL and REDIS_URL are set, uses
those and starts nothing; DATABASE_OWNER_URL then names a role that may create databases.

  --all    also the slow tests: random kills, soak and repeats
  others   go to pytest: bin/test tests/funding/ledger -k refund
"""


def demo_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bin/demo",
        description="Run Daybook on this machine, with its own PostgreSQL and Redis. The data stays in var/.",
    )
    wanted = os.environ.get("PORT") or "8000"
    parser.add_argument("--port", type=port_number, default=wanted, help="the port to answer on ($PORT or 8000, or the next free one)")
    parser.add_argument("--fresh", action="store_true", help="first delete the story's data, or with --empty your own")
    parser.add_argument("--empty", action="store_true", help="load no story: an empty installation to begin your own, in var/own/")
    return parser.parse_args(arguments)


def port_number(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"“{text}” is not a port. Use a number from 1 to 65535.")
    return int(text)
