"""Starts the stand-in: `python -m funding.payments.fakestripe --port 8010`.

Its database comes from FAKESTRIPE_DATABASE_URL. `--check module:function` names a function that may refuse requests
before they are answered, and `--webhook-events module:name` the types of events that are sent; the stand-in knows nothing of
either but its name.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import os
import signal
import sys
import threading
from typing import Any

from funding.payments.fakestripe.server import Server
from funding.payments.fakestripe.store import Store


def load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def end_with_stdin(server: Server) -> None:
    """Whoever started us holds the other end: when it closes, they are gone."""
    sys.stdin.read()
    server.shutdown()


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="fakestripe", description="A stand-in for Stripe's API on this machine. No money moves.")
    parser.add_argument("--port", type=int, default=8010, help="0 takes a free one; the address is printed")
    parser.add_argument("--webhook-url", help="where events go, on this machine; without it they wait")
    parser.add_argument("--webhook-secret", default=os.environ.get("FAKESTRIPE_WEBHOOK_SECRET", ""), help="signs the events")
    parser.add_argument("--webhook-events", default="", help="module:name of the types of events that are sent; all of them unless told")
    parser.add_argument("--check", default="", help="module:function that may refuse a request")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when whoever started this is gone")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args(argv)
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.INFO, format="fakestripe %(levelname)s %(message)s")
    database = os.environ.get("FAKESTRIPE_DATABASE_URL", "")
    if not database:
        print("FAKESTRIPE_DATABASE_URL is not set. It names the stand-in's own database: postgres://user@host/name.", file=sys.stderr)
        return 2
    store = Store(database)
    with store.transaction() as tx:
        if options.webhook_url is not None:
            tx.set("webhook_url", options.webhook_url)
        if options.webhook_events:
            tx.set("webhook_events", list(load(options.webhook_events)))
        if options.webhook_secret:
            tx.set("webhook_secret", options.webhook_secret)
    server = Server(options.port, store, check=load(options.check) if options.check else None)
    for stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop, lambda *_: threading.Thread(target=server.shutdown).start())
    if options.until_stdin_closes:
        threading.Thread(target=end_with_stdin, args=[server], daemon=True).start()
    server.sender.start()
    print(f"fakestripe listens at {server.base}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.sender.stop()
    server.sender.join(timeout=5)
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
