"""The lease on one task: prolonged in the background, and given up the moment somebody else owns it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from fractions import Fraction
from types import TracebackType
from typing import Self

from server.domain.task import Task
from server.errors import Superseded, Unavailable

_log = logging.getLogger(__name__)


class Lease:
    """Holds a claimed task while the block runs.

    `lost` becomes true when the lease is gone; whatever runs on its behalf must stop then and leave no trace. While
    the appliance cannot be reached the lease is not prolonged: the fence decides later who was right.
    """

    def __init__(self, extend: Callable[[Task, float | None], bool], task: Task, heartbeat_seconds: float) -> None:
        self._extend = extend
        self._progress: float | None = None
        self._task = task
        self._heartbeat_seconds = heartbeat_seconds
        self._over = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{task.id}", daemon=True)

    @property
    def lost(self) -> bool:
        """Whether the task belongs to somebody else now, or is gone."""
        return self._lost.is_set()

    def check(self) -> None:
        """Raise Superseded if the lease is lost."""
        if self.lost:
            raise Superseded(f"Task {self._task.id} belongs to another worker now, or its video was removed.")

    def watch(self, seconds: Fraction) -> Callable[[dict[str, str]], None]:
        """Return a listener for the blocks of ffmpeg's `-progress`, for a run that makes `seconds` of film.

        What it hears is told with the next heartbeat.
        """

        def hear(block: dict[str, str]) -> None:
            made = block.get("out_time_us", "")
            if made.isdecimal():  # it says N/A before the first frame
                self._progress = min(int(made) / 1e6 / float(seconds), 1.0)

        return hear

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=self._heartbeat_seconds)

    def _beat(self) -> None:
        while not self._over.wait(self._heartbeat_seconds):
            try:
                if not self._extend(self._task, self._progress):
                    self._lost.set()
                    return
            except Unavailable as error:
                _log.warning("The lease of task %d could not be prolonged: %s", self._task.id, error)
