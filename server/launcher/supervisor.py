"""Starts the parts in the order of their needs, watches them, restarts what dies, and stops all in reverse order.

One thread, one loop. It sleeps until a signal arrives (SIGCHLD is one) or something is due, and looks around every
100 ms only while some part is on its way up or down.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from subprocess import SubprocessError
from typing import Protocol

from server.errors import MatineeError
from server.launcher import backoff, child, kernel, leftovers
from server.launcher.child import Child
from server.launcher.files import set_aside
from server.launcher.part import Part

LOOK_SECONDS = 0.1
STOP_SECONDS = 9.0  # after this long everything that still lives gets SIGKILL
TRIES_OF_A_STEP = 5  # a step that fails so often ends the whole start
TRIES_WITH_DATA = 3  # a part that fails so often before it was ever ready gets its disposable data set aside
SETTLED_SECONDS = 2.0  # a part that cannot be asked counts as ready after so long a life
SLOW_SECONDS = 30.0

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class State(StrEnum):
    """What a part does at this moment."""

    WAITING = "waiting"  # for what it needs, or for its next try
    STARTING = "starting"
    READY = "ready"
    STOPPED = "stopped"


@dataclass(slots=True)
class Watched:
    """A part together with what is known about it now."""

    part: Part
    state: State = State.WAITING
    child: Child | None = None
    failures: int = 0  # in a row
    restarts: int = 0
    due: float = 0.0  # not started before
    stop_by: float | None = None  # SIGKILL after
    slow: bool = False  # said that it takes long
    output: str = ""  # of a secret step
    last_lines: list[str] = field(default_factory=list)  # of the run that failed last; said only when they change


class Reporter(Protocol):
    """Hears what happens to the parts."""

    def ready(self, watched: Watched, seconds: float) -> None:
        """Hear that a part is ready, and how long it took."""

    def slow(self, watched: Watched) -> None:
        """Hear that a part is still not ready after a long time."""

    def died(self, watched: Watched, how: str, lines: list[str], wait: float) -> None:
        """Hear that a part ended unasked or could not start, the end of its log, and the wait until the next try."""

    def set_aside(self, watched: Watched) -> None:
        """Hear that a part's disposable data was set aside."""

    def changed(self, parts: Iterable[Watched], *, stopping: bool) -> None:
        """Hear that the state of some part changed."""


class Supervisor:
    """Runs a list of parts until it is told to stop."""

    def __init__(
        self, parts: Iterable[Part], environment: Mapping[str, str], logs: Path, records: Path, reporter: Reporter
    ) -> None:
        self._watched = {part.name: Watched(part) for part in parts}
        self._environment = environment
        self._logs = logs
        self._records = records
        self._report = reporter
        self._stop_by: float | None = None
        self._failed = False
        self._wakeup, wakeup = os.pipe()
        for end in (self._wakeup, wakeup):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self._asked_to_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        kernel.adopt_orphans()

    def run(self) -> bool:
        """Run until a signal asks to stop, and everything has stopped. Returns whether the start went well."""
        while True:
            self._reap()
            if self._stop_by is None:
                self._start_due()
            else:
                self._advance_stop()
            self._probe()
            self._report.changed(self._watched.values(), stopping=self._stop_by is not None)
            if self._stop_by is not None and not any(each.child for each in self._watched.values()):
                leftovers.sweep([], [])
                return not self._failed
            self._sleep()

    def stop(self) -> None:
        """Begin to stop everything."""
        self._stop_by = self._stop_by or time.monotonic() + STOP_SECONDS

    def _asked_to_stop(self, number: int, _frame: object) -> None:
        if self._stop_by is not None and number == signal.SIGINT:  # Ctrl-C for the second time: do it at once
            self._stop_by = time.monotonic()
        self.stop()

    def _sleep(self) -> None:
        """Wait for a signal, or until there is something to do."""
        timeout = None
        now = time.monotonic()
        if self._stop_by is not None or any(each.state is State.STARTING for each in self._watched.values()):
            timeout = LOOK_SECONDS
        elif due := [each.due for each in self._watched.values() if each.state is State.WAITING and each.due > now]:
            timeout = min(due) - now
        if select.select([self._wakeup], [], [], timeout)[0]:
            os.read(self._wakeup, 4096)

    def _reap(self) -> None:
        """Take in every child that has ended: parts, and adopted orphans."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for each in self._watched.values():
                if each.child and each.child.pid == pid:
                    self._ended(each, each.child, status)

    def _ended(self, watched: Watched, ended: Child, status: int) -> None:
        watched.child = None
        others = [each.child for each in self._watched.values() if each.child]
        leftovers.sweep([ended.record], [each.pid for each in others])
        self._remember()
        left = watched.part.left_code
        if self._stop_by is not None or (left is not None and os.waitstatus_to_exitcode(status) == left):
            watched.state = State.STOPPED
        elif watched.part.once and status == 0:
            watched.output = ended.read_output()
            self._became_ready(watched, ended)
        else:
            lived = time.monotonic() - ended.started if watched.state is State.READY else 0.0
            self._failed_once(watched, child.describe(status), ended.last_lines(), lived)

    def _failed_once(self, watched: Watched, how: str, lines: list[str], lived: float) -> None:
        """Plan the next try of a part that ended unasked, or that could not start."""
        part = watched.part
        never_ready = watched.state is not State.READY
        watched.failures = backoff.failures_after(watched.failures, lived)
        watched.restarts += 1
        watched.state = State.WAITING
        wait = backoff.delay(watched.failures)
        watched.due = time.monotonic() + wait
        self._report.died(watched, how, [] if lines == watched.last_lines else lines, wait)
        watched.last_lines = lines
        if part.once and watched.failures >= TRIES_OF_A_STEP:
            self._failed = True
            self.stop()
        elif never_ready and watched.failures % TRIES_WITH_DATA == 0 and part.disposable and part.disposable.exists():
            set_aside(part.disposable)
            self._report.set_aside(watched)

    def _start_due(self) -> None:
        for watched in self._watched.values():
            needed = (self._watched[name].state for name in watched.part.needs)
            due = watched.state is State.WAITING and watched.due <= time.monotonic()
            if due and all(state is State.READY for state in needed):
                self._start(watched)

    def _start(self, watched: Watched) -> None:
        try:
            watched.part.prepare()
            watched.child = child.start(watched.part, self._environment, self._logs, time.monotonic())
        except (OSError, SubprocessError, MatineeError) as error:
            self._failed_once(watched, f"cannot start: {error}", [], 0.0)
            return
        watched.state = State.STARTING
        watched.slow = False
        self._remember()

    def _probe(self) -> None:
        """Ask the starting parts whether they are ready."""
        for watched in self._watched.values():
            if watched.state is not State.STARTING or watched.child is None or watched.part.once:
                continue
            lived = time.monotonic() - watched.child.started
            ready = watched.part.ready
            if lived > SETTLED_SECONDS if ready is None else ready(watched.child.pid):
                self._became_ready(watched, watched.child)
            elif not watched.slow and lived > SLOW_SECONDS:
                watched.slow = True
                self._report.slow(watched)

    def _became_ready(self, watched: Watched, ready: Child) -> None:
        watched.state = State.READY
        self._report.ready(watched, time.monotonic() - ready.started)
        if self._stop_by is None:
            self._start_due()

    def _advance_stop(self) -> None:
        """Ask each part to stop once everything that stands on it has stopped; end what overstays its time."""
        now = time.monotonic()
        living = [each for each in self._watched.values() if each.child]
        busy = {name for each in living for name in (*each.part.needs, *each.part.uses)}
        for each in living:
            if each.child is None:
                continue
            if each.stop_by is None and each.part.name not in busy:
                each.stop_by = now + each.part.grace_seconds
                each.child.signal(each.part.stop_signal)
            if now >= min(each.stop_by or now + 1, self._stop_by or now + 1):
                each.child.signal(signal.SIGKILL)

    def _remember(self) -> None:
        leftovers.remember(self._records, [each.child.record for each in self._watched.values() if each.child])
