"""A part: everything the supervisor needs to know about one program, as frozen data."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


def _nothing() -> None:
    """Prepare nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One program of the system, which runs in the foreground until it is told to stop (or once, to its end)."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)  # beyond what every part gets
    ready: Callable[[int], bool] | None = None  # asked with the process id ten times a second, must answer at once;
    # None: it is ready when it has lived for two seconds
    prepare: Callable[[], None] = _nothing  # runs before each start: writes the configuration, clears stale files
    needs: tuple[str, ...] = ()  # parts that must be ready before it starts, and that stop after it
    uses: tuple[str, ...] = ()  # parts that only stop after it
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 5.0  # from the stop signal to SIGKILL
    left_code: int | None = None  # it ends so when it was told to leave for good, and is not started again
    once: bool = False  # a step that ends by itself; ready means that it ended well
    secret: bool = False  # what it prints is for the launcher alone, and goes into no log
    disposable: Path | None = None  # data that may be set aside when the part cannot start with it
