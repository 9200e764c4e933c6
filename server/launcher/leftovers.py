"""Ends what a killed part or a killed launcher left behind, found by identity alone and never by name.

Every part leads a session of its own. What belongs to it is the session, and all descendants of the session.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from server.errors import Unavailable
from server.launcher import kernel
from server.launcher.files import write_atomically

ASK_SECONDS = 0.8
GENTLE_SECONDS = 5.0
KILL_SECONDS = 10.0
POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Record:
    """One started part, as remembered on disk for the next launcher."""

    name: str
    pid: int
    started: int  # clock ticks since boot
    stop_signal: int


def remember(path: Path, records: Iterable[Record]) -> None:
    """Write the identities of all living parts to `path`."""
    write_atomically(path, json.dumps({"boot": kernel.boot(), "parts": [asdict(record) for record in records]}))


def recall(path: Path) -> list[Record]:
    """Read the identities that an earlier launcher of the same boot wrote; none if there are none."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return [Record(**part) for part in stored["parts"]] if stored["boot"] == kernel.boot() else []
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []


def belonging(records: Iterable[Record], table: Mapping[int, kernel.Process]) -> set[int]:
    """Find the living processes of `records` in a process table: their sessions, and all descendants of these."""
    sessions = {record.pid: record.started for record in records if _still_ours(record, table)}
    found = {pid for pid, each in table.items() if each.started >= sessions.get(each.session, each.started + 1)}
    while more := {pid for pid, each in table.items() if each.parent in found} - found:
        found |= more
    return found


def _still_ours(record: Record, table: Mapping[int, kernel.Process]) -> bool:
    """Tell whether the number of a recorded part has not been handed out to somebody else since."""
    holder = table.get(record.pid)
    return holder is None or holder.started == record.started


def end(records: list[Record]) -> int:
    """End the leftovers of an earlier launcher: ask first, then SIGKILL. Returns how many there were.

    Raises Unavailable if something survives even that.
    """
    first = belonging(records, _table())
    for record in records:
        if record.pid in first:
            kernel.send(record.pid, signal.Signals(record.stop_signal))
    begun = time.monotonic()
    while alive := belonging(records, _table()):
        if (spent := time.monotonic() - begun) > KILL_SECONDS:
            raise Unavailable(f"Processes of an earlier run do not end: {sorted(alive)}. End them, then start again.")
        if spent > GENTLE_SECONDS:
            _kill(alive)
        time.sleep(POLL_SECONDS)
    return len(first)


def sweep(dead: Iterable[Record], known: Iterable[int]) -> None:
    """End what `dead` parts left, and every adopted orphan that is no `known` part; wait until they are gone.

    They are asked with SIGTERM first: the work-horse of a killed worker then hands its task back.
    """
    dead, known, asked = list(dead), set(known), set[int]()
    begun = time.monotonic()
    while (spent := time.monotonic() - begun) < KILL_SECONDS:
        table = _table()
        orphans = {pid for pid, each in table.items() if each.parent == os.getpid()}
        rest = (belonging(dead, table) | orphans) - known
        if not rest:
            return
        if spent > ASK_SECONDS:
            _kill(rest)
        for pid in rest - asked:
            kernel.send(pid, signal.SIGTERM)
        asked |= rest
        time.sleep(POLL_SECONDS / 10)


def _table() -> dict[int, kernel.Process]:
    return {each.pid: each for each in kernel.processes()}


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        kernel.send(pid, signal.SIGKILL)
