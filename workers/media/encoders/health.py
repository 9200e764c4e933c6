"""What a worker process remembers of its hardware encoder: how often it failed, and when it may be tried again.

A worker forks for every shift, and what a shift learns must outlive it: the few bytes are in memory that the worker
shares with all its children. One child works at a time.
"""

from __future__ import annotations

import mmap
import struct

_RECORD = struct.Struct("=Bqd")  # may be used, failures in a row, not before


class Health:
    """Shared by a process and the children that it forks afterwards. Times are seconds of the caller's clock."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _RECORD.size)
        self._write(usable=True, failures=0, not_before=0.0)

    @property
    def usable(self) -> bool:
        """Whether nothing has gone wrong since the last success."""
        return bool(self._read()[0])

    @property
    def failures(self) -> int:
        """How often it has failed in a row."""
        return int(self._read()[1])

    @property
    def not_before(self) -> float:
        """When it may be tested again; infinity after too many failures."""
        return float(self._read()[2])

    def note_success(self) -> None:
        """It worked."""
        self._write(usable=True, failures=0, not_before=0.0)

    def note_failure(self, not_before: float) -> None:
        """It failed, and may be tested again from `not_before` on."""
        self._write(usable=False, failures=self.failures + 1, not_before=not_before)

    def note_recovery(self) -> None:
        """A test has passed; only work that succeeds makes its failures forgotten."""
        self._write(usable=True, failures=self.failures, not_before=0.0)

    def _read(self) -> tuple[int, int, float]:
        return _RECORD.unpack(self._memory[:])

    def _write(self, *, usable: bool, failures: int, not_before: float) -> None:
        self._memory[:] = _RECORD.pack(usable, failures, not_before)
