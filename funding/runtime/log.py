"""One log for many processes: each line carries the name of the process that wrote it, in colour on a terminal."""

from __future__ import annotations

import os
import sys
from typing import TextIO

WIDTH = 9
COLOURS = (36, 33, 32, 35, 34, 31)
LONGEST_LINE = 16_384


class Log:
    """Writes whole lines. When the reader of our output is gone, stays silent and says so in `broken`."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.colour = self.stream.isatty() and "NO_COLOR" not in os.environ
        self.broken = False
        self._colours: dict[str, int] = {}

    def line(self, name: str, text: str) -> None:
        label = f"{name:<{WIDTH}}"
        if self.colour:
            colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
            label = f"\x1b[{colour}m{label}\x1b[0m"
        self._write(f"{label} {text}\n")

    def say(self, text: str) -> None:
        self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        if self.broken:
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except OSError:
            self.broken = True
            # What is still in the buffer would fail again when the interpreter closes the stream.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)


class Lines:
    """Cuts the bytes of one process into lines and keeps the last of them. A line without an end is passed on once it is long."""

    def __init__(self, log: Log, name: str, *, quiet: bool = False) -> None:
        self.log = log
        self.name = name
        self.quiet = quiet
        self.rest = b""
        self.last: list[str] = []

    def feed(self, data: bytes) -> None:
        *whole, self.rest = (self.rest + data).split(b"\n")
        for line in whole:
            self._pass_on(line)
        if len(self.rest) > LONGEST_LINE:
            self.close()

    def close(self) -> None:
        if self.rest:
            self._pass_on(self.rest)
        self.rest = b""

    def _pass_on(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        self.last = [*self.last[-59:], text]
        if not self.quiet:
            self.log.line(self.name, text)
