"""One started part: its process, its log, and its signals."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from server.launcher import kernel
from server.launcher.files import rotate
from server.launcher.home import ROOT
from server.launcher.leftovers import Record
from server.launcher.part import Part

LAST_LINES = 6
LINE_CHARACTERS = 160
TAIL_BYTES = 8192


@dataclass(slots=True)
class Child:
    """A living (or just ended) process of a part, the leader of a session of its own."""

    record: Record
    log: Path
    log_start: int  # where this run's lines begin
    started: float  # on the supervisor's clock
    printed: IO[bytes] | None  # what a secret part printed; in memory, never on disk

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group and session."""
        return self.record.pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the leader alone, which tells its own children."""
        kernel.send(self.pid, number)

    def read_output(self) -> str:
        """Return what a secret part printed."""
        if self.printed is None:
            return ""
        self.printed.seek(0)
        return self.printed.read().decode("utf-8", errors="replace").strip()

    def last_lines(self) -> list[str]:
        """Return the end of this run's log; nothing if somebody deleted it."""
        try:
            text = self.log.read_bytes()[self.log_start :]
        except FileNotFoundError:
            return []
        lines = text[-TAIL_BYTES:].decode("utf-8", errors="replace").splitlines()
        return [line[:LINE_CHARACTERS] for line in lines if line.strip()][-LAST_LINES:]


def start(part: Part, environment: Mapping[str, str], logs: Path, now: float) -> Child:
    """Start a part in a session of its own; it ends when the launcher ends. Raises OSError if it cannot be executed."""
    log = logs / f"{part.name}.log"
    rotate(log)
    with log.open("ab") as file:
        file.write(f"--- {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC: {part.name} starts\n".encode())
        file.flush()
        printed = os.fdopen(os.memfd_create(part.name), "w+b") if part.secret else None
        process = subprocess.Popen(
            part.argv,
            env={**environment, **part.environment},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=printed or file,
            stderr=file,
            start_new_session=True,
            preexec_fn=kernel.die_with_parent(part.stop_signal),  # the launcher has one thread
        )
        process.returncode = 0  # the supervisor reaps all children itself, also those it adopts
        itself = kernel.process(process.pid)
        record = Record(part.name, process.pid, itself.started if itself else 0, part.stop_signal)
        return Child(record, log, file.tell(), now, printed)


def describe(status: int) -> str:
    """Say in words how a process ended, given the wait status (wait(2))."""
    code = os.waitstatus_to_exitcode(status)
    return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
