"""What only Linux can tell and do about processes: proc(5), prctl(2).

A process id alone is no identity, since the kernel hands it out again. Id and start time together are one until the
next boot; a session id stays reserved as long as any process lives in the session.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Process:
    """One row of the process table. `started` counts clock ticks since boot."""

    pid: int
    state: str
    parent: int
    session: int
    started: int


def parse_stat(text: str) -> Process:
    """Read the text of `/proc/PID/stat`. The program's name may itself hold spaces and parentheses."""
    pid, _, rest = text.partition(" ")
    state, parent, _group, session, *others = rest[rest.rindex(")") + 2 :].split()
    return Process(int(pid), state, int(parent), int(session), int(others[15]))


def process(pid: int) -> Process | None:
    """Look one process up; None if there is none, or only its unreaped shell."""
    try:
        found = parse_stat(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace"))
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if found.state in "ZX" else found


def processes() -> Iterator[Process]:
    """List every living process that can be seen."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := process(int(entry.name))):
            yield found


def boot() -> str:
    """Name the present boot: start times mean nothing beyond it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """Make a hook for a fresh child: it gets signal `number` when the present process dies in any way."""
    parent = os.getpid()

    def hook() -> None:
        _prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return hook


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process, which may have ended already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
