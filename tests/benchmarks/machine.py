"""What a command costs this machine: wall clock, and processor time of everything that ran meanwhile."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_IDLE, _WAITING = 3, 4  # columns of the line `cpu` in proc(5), /proc/stat
_GUEST = 8  # from here on the columns count twice


@dataclass
class Cost:
    """Seconds of wall clock and of busy processors; both 0 until the block has ended."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure the block. Servers and their children count too, so nothing else may run on the machine."""
    cost, busy, started = Cost(), _busy(), time.monotonic()
    try:
        yield cost
    finally:
        cost.wall, cost.cpu = time.monotonic() - started, _busy() - busy


def run(*command: str | Path, seconds: float = 1800) -> None:
    """Run a command that must succeed."""
    subprocess.run([str(part) for part in command], check=True, timeout=seconds, stdin=subprocess.DEVNULL)


def row(name: str, figures: Sequence[float], base: Sequence[float] | None = None) -> str:
    """Return a line of a table: the figures, and behind each its ratio to the base."""
    shown = [
        f"{figure:9.2f}" + (f" {figure / other:5.2f}" if other else "      ")
        for figure, other in zip(figures, base or [0.0] * len(figures), strict=True)
    ]
    return f"{name:44}" + "".join(shown) + "\n"


def _busy() -> float:
    columns = [int(word) for word in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:]]
    return sum(ticks for number, ticks in enumerate(columns[:_GUEST]) if number not in (_IDLE, _WAITING)) / _TICKS
