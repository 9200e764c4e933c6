"""Counts the processes of a private system from outside, by identity."""

from __future__ import annotations

import time
from pathlib import Path

from server.launcher import kernel, leftovers
from server.launcher.system import System

WAIT_SECONDS = 15.0
LISTEN = "0A"  # TCP_LISTEN


def processes_of(system: System) -> set[kernel.Process]:
    """Every living process of the system's parts, with all descendants."""
    table = {each.pid: each for each in kernel.processes()}
    return {table[pid] for pid in leftovers.belonging(leftovers.recall(system.home.parts), table)}


def survivors(before: set[kernel.Process]) -> set[int]:
    """Those of an earlier count that still live as the same process."""
    return {each.pid for each in before if (now := kernel.process(each.pid)) and now.started == each.started}


def wait_gone(before: set[kernel.Process]) -> None:
    """Wait until none of an earlier count lives any more."""
    deadline = time.monotonic() + WAIT_SECONDS
    while survivors(before) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert survivors(before) == set()


def command_lines(processes: set[kernel.Process]) -> list[bytes]:
    return [Path(f"/proc/{each.pid}/cmdline").read_bytes() for each in processes]


def listening_addresses(processes: set[kernel.Process]) -> set[str]:
    """The local addresses on which any of the processes listens with TCP, as hexadecimal in /proc/net/tcp."""
    inodes = {inode for each in processes for inode in _sockets(each.pid)}
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path("/proc/net", name).read_text().splitlines()[1:]]
    return {row[1].partition(":")[0] for row in rows if row[3] == LISTEN and row[9] in inodes}


def _sockets(pid: int) -> set[str]:
    try:
        targets = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    except FileNotFoundError:  # it has just ended
        return set()
    return {target[8:-1] for target in targets if target.startswith("socket:[")}
