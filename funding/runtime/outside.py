"""The site's processes from the outside: commands, addresses and the file that lets manage.py find a running demo."""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
VAR = ROOT / "var"
ENVIRONMENT_FILE = VAR / "daybook.env"
HOST = "127.0.0.1"


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def free_port(wanted: int, *, tries: int = 200) -> int:
    """`wanted`, or the next port on which nothing listens. Raises OSError when there is none."""
    for port in range(wanted, min(wanted + tries, 65_536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise OSError(f"No free port from {wanted} on.")


def answers(port: int, path: str) -> bool:
    """Whether a GET of `path` is answered with success."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", path)
        return 200 <= connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def kept_secret(file: Path) -> str:
    """A random value that stays the same for one set of data, so that sessions and signed links live through a restart."""
    if not file.exists():
        write_private(file, secrets.token_urlsafe(48) + "\n")
    return file.read_text().strip()


def write_private(file: Path, text: str) -> None:
    """Write whole or not at all, readable by the owner only."""
    half = file.with_name(file.name + ".new")
    half.unlink(missing_ok=True)
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
    half.replace(file)


def environment_file(values: Mapping[str, str]) -> str:
    """The values as lines that funding/settings.py reads. Every value is one line and has no quote."""
    return "".join(f"{name}={value}\n" for name, value in values.items())


def process_exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
