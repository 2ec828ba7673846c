"""The time of a rig: a file of two numbers, the seconds by which business time and real time are ahead of the machine's."""

from __future__ import annotations

import datetime as dt
import os
import struct
from pathlib import Path

FORM = struct.Struct("dd")
FILE = "clock"


def write(place: Path, business: float, real: float) -> None:
    file = os.open(place / FILE, os.O_WRONLY | os.O_CREAT, 0o600)
    os.pwrite(file, FORM.pack(business, real), 0)
    os.close(file)


def read(place: Path) -> tuple[float, float]:
    business, real = FORM.unpack((place / FILE).read_bytes())
    return business, real


def set_clock(place: Path, to: dt.datetime) -> None:
    """Business time is `to` now and goes on from there. Real time is left where it is."""
    write(place, (to - dt.datetime.now(dt.UTC)).total_seconds(), read(place)[1])


def pass_by(place: Path, seconds: float) -> None:
    business, real = read(place)
    write(place, business + seconds, real + seconds)


def reset(place: Path, business: float) -> None:
    """Back to the beginning of a case: real time is the machine's again."""
    write(place, business, 0.0)


def install(place: Path) -> None:
    """Let this process and its children read the time from the file, for as long as they live."""
    from django.utils import timezone

    from funding import clock

    file = os.open(place / FILE, os.O_RDONLY)

    def ahead(which: int) -> dt.timedelta:
        return dt.timedelta(seconds=FORM.unpack(os.pread(file, FORM.size, 0))[which])

    timezone.now = lambda: dt.datetime.now(dt.UTC) + ahead(1)
    clock.set_source(lambda: dt.datetime.now(dt.UTC) + ahead(0))
