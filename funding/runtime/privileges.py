"""How a child that refuses to run as root (PostgreSQL) is run when we are root, and how a child dies with its parent.

Root has three ways, tried in this order, each by really running the program once:

1. become `nobody`, keeping one power, CAP_DAC_OVERRIDE, as an ambient capability, so that a checkout under a directory which
   others cannot enter (root's home) needs no copy and no change of mode;
2. a user namespace in which root is called `nobody` (`unshare`);
3. a copy of the program, and the data, in a place that everybody can enter.

An ordinary user needs none of this. Linux only: elsewhere root is told to use another account.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

LINUX = sys.platform == "linux"

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
PR_SET_CHILD_SUBREAPER = 36
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 4
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522
OVERFLOW_ID = 65534

# Loaded before any fork: a child between fork and exec must not load libraries.
_libc = ctypes.CDLL(None, use_errno=True)


class NoWay(Exception):
    """No way was found to run a program. The message is meant for the person at the terminal."""


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapData(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def _prctl(option: int, *values: int) -> None:
    padded = [*values, 0, 0, 0, 0][:4]
    if _libc.prctl(option, *(ctypes.c_ulong(value) for value in padded)) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def die_with_parent(number: signal.Signals, parent: int) -> None:
    """In a fresh child: ask for `number` when the thread that forked us is gone. After any change of user, which clears it."""
    if not LINUX:
        return
    _prctl(PR_SET_PDEATHSIG, int(number))
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def adopt_orphans() -> None:
    """Grandchildren whose parent was killed become ours, so that we can wait for them."""
    if LINUX:
        _prctl(PR_SET_CHILD_SUBREAPER, 1)


def nobody() -> tuple[int, int]:
    """User and group id of `nobody`."""
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return OVERFLOW_ID, OVERFLOW_ID
    return entry.pw_uid, entry.pw_gid


def _become(uid: int, gid: int) -> None:
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _become_keeping_reach(uid: int, gid: int) -> None:
    """Change the user and keep only the right to enter any directory, across exec too.

    The secure bit stays set: without it access(2), with which initdb looks for postgres, leaves the capability out of account.
    """
    _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    _become(uid, gid)
    header = _CapHeader(CAPABILITY_VERSION_3, 0)
    bit = 1 << CAP_DAC_OVERRIDE
    data = (_CapData * 2)(_CapData(bit, bit, bit), _CapData(0, 0, 0))
    if _libc.capset(ctypes.byref(header), data) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to run programs that refuse root.

    `prefix` goes before the command; `enter` runs in the child before exec; `owner` is who must own the data; `home`, where
    set, is the directory that holds the data instead of the checkout's own; `binaries` is where the programs are.
    """

    name: str
    binaries: Path
    owner: tuple[int, int] | None = None
    prefix: tuple[str, ...] = ()
    enter: Callable[[], None] | None = None
    home: Path | None = None

    def program(self, name: str) -> list[str]:
        return [*self.prefix, str(self.binaries / name)]

    def hand_over(self, directory: Path) -> None:
        """Give a directory and all in it to the user that the programs run as."""
        if os.geteuid() != 0:
            return
        uid, gid = self.owner or (0, 0)
        if directory.stat().st_uid == uid:
            return
        for parent, _directories, files in os.walk(directory):
            os.chown(parent, uid, gid)
            for name in files:
                os.chown(os.path.join(parent, name), uid, gid, follow_symlinks=False)


def _as_you(binaries: Path, probe: Sequence[str]) -> Way:
    """An ordinary user as they are. One without a name (a container started with a bare number) borrows that of nobody for initdb."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        named = _namespace(binaries, binaries)
        borrowed = Way("as you, called nobody", binaries, prefix=named.prefix)
        if LINUX and _works(borrowed, probe):
            return borrowed
    return Way("as you", binaries)


def _works(way: Way, probe: Sequence[str]) -> bool:
    try:
        done = subprocess.run(
            [*way.program(probe[0]), *probe[1:]],
            preexec_fn=way.enter,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _ambient(binaries: Path, _copy: Path) -> Way:
    uid, gid = nobody()
    return Way("as nobody, with reach", binaries, owner=(uid, gid), enter=lambda: _become_keeping_reach(uid, gid))


def _namespace(binaries: Path, _copy: Path) -> Way:
    uid, gid = nobody()
    unshare = shutil.which("unshare") or "unshare"
    prefix = (unshare, "-U", f"--map-user={uid}", f"--map-group={gid}", "--")
    return Way("as nobody, in a user namespace", binaries, owner=(0, 0), prefix=prefix)


def _copied(binaries: Path, copy: Path) -> Way:
    uid, gid = nobody()
    _traversable(copy)
    package = binaries.parent.parent
    built = (binaries / "postgres").stat()
    programs = copy / f"programs-{built.st_size}-{int(built.st_mtime)}"
    if not programs.is_dir():
        _copy_programs(package, binaries.parent.name, programs)
    there = programs / package.name / binaries.parent.name / "bin"
    return Way("as nobody, from a copy", there, owner=(uid, gid), enter=lambda: _become(uid, gid), home=copy)


def _traversable(directory: Path) -> None:
    """Make `directory` ours and enterable; refuse one that somebody else put there."""
    directory.mkdir(mode=0o711, exist_ok=True)
    if directory.is_symlink() or directory.stat().st_uid != os.geteuid():
        raise NoWay(f"{directory} belongs to somebody else. Remove it, or run as an ordinary user.")
    directory.chmod(0o711)


def _copy_programs(package: Path, installation: str, target: Path) -> None:
    """One installation out of the package and, beside it, the libraries that its run path names. Whole or not at all."""
    half = Path(tempfile.mkdtemp(dir=target.parent))
    half.chmod(0o755)
    shutil.copytree(package / installation, half / package.name / installation, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, half / libraries.name, symlinks=True)
    half.rename(target)


WAYS: tuple[Callable[[Path, Path], Way], ...] = (_ambient, _namespace, _copied)


def choose(binaries: Path, *, probe: Sequence[str], copy: Path, ways: Iterable[Callable[[Path, Path], Way]] = WAYS) -> Way:
    """The first way in which `probe`, a program and its arguments, succeeds. `copy` is where the last way may put a copy. Raises NoWay."""
    if os.geteuid() != 0:
        return _as_you(binaries, probe)
    if LINUX:
        for make in ways:
            way = make(binaries, copy)
            if _works(way, probe):
                return way
    raise NoWay(
        "PostgreSQL refuses to run as root, and nothing here lets root become another user. "
        "Run this as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
    )
