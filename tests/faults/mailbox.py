"""A mail server that takes everything and remembers which message came how often."""

from __future__ import annotations

import email
import socketserver
import threading
from collections import Counter
from typing import Any


class Conversation(socketserver.StreamRequestHandler):
    """Just enough SMTP for Django's backend."""

    def handle(self) -> None:
        self._say("220 mailbox")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say("354 go on")
                self.server.box.take(self._body())  # type: ignore[attr-defined]
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            self._say("250 ok")

    def _body(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        return b"".join(lines)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever was talking to us has been killed."""


class Mailbox:
    """Use as a context manager; `port` is where it listens on loopback."""

    def __init__(self) -> None:
        self.server = Server(("127.0.0.1", 0), Conversation)
        self.server.box = self  # type: ignore[attr-defined]
        self.port = self.server.server_address[1]
        self.counts: Counter[str] = Counter()
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Mailbox:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def take(self, body: bytes) -> None:
        self.counts[str(email.message_from_bytes(body)["Message-ID"])] += 1

    def empty(self) -> None:
        self.counts.clear()
