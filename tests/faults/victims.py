"""The processes that a fault strikes, found in the process table."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from pathlib import Path

from server.launcher import kernel
from server.launcher.system import System


def family(*elders: int) -> list[int]:
    """All descendants of processes, not themselves."""
    table = list(kernel.processes())
    known, found = set(elders), set[int]()
    while more := {each.pid for each in table if each.parent in known} - known:
        known |= more
        found |= more
    return sorted(found)


def horses(system: System) -> list[int]:
    """The processes in which the encoding workers do their work at this moment."""
    workers = {part["pid"] for part in system.status()["parts"] if part["name"].startswith("heavy-")}
    return [each.pid for each in kernel.processes() if each.parent in workers]


def encoders(system: System) -> list[int]:
    """The running ffmpegs, deep inside their sandboxes."""
    return [pid for pid in family(*horses(system)) if program(pid) == "ffmpeg"]


def web_workers(system: System) -> list[int]:
    """The processes in which gunicorn answers requests."""
    return family(system.pid("web"))


def program(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:  # it has just ended
        return None


def strike(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        kernel.send(pid, number)
