"""Reading what is stored, slowly: bounded in bytes per second, and hardly at all while others wait for the disk."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PIECE = 1024**2
BUSY_PERCENT = 20.0  # of the last ten seconds, in which somebody waited for a disk
BUSY_PAUSE_SECONDS = 2.0
PATIENCE_SECONDS = 60.0  # a disk that is always busy is still read, piece by piece

_SOME = re.compile(r"^some avg10=([0-9.]+)", re.MULTILINE)
_NOT_OURS = frozenset({errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.EISDIR})


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds: bytes and SHA-256."""

    size: int
    sha256: bytes


class Unreadable(Exception):
    """The file is there and cannot be read: the disk refuses, or it is a link, a folder or a device."""


class Reader:
    """Reads files at `bytes_per_second` at most. `pause` waits for so many seconds, and raises to end it all.

    `pressure` tells how many percent of the last ten seconds somebody waited for a disk.
    """

    def __init__(
        self,
        bytes_per_second: int,
        pause: Callable[[float], None],
        pressure: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = bytes_per_second
        self._pause = pause
        self._pressure = pressure or io_pressure
        self._clock = clock

    def read(self, root: Path, path: str) -> Content | None:
        """Return what the file `path` below the folder `root` holds, None if it is missing. Raises Unreadable.

        No link is followed on the way, and the bytes come from the disk, not from memory.
        """
        try:
            with _opened(root, path) as file:
                return self._digest(file)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.EIO or error.errno in _NOT_OURS:
                raise Unreadable(os.strerror(error.errno)) from error
            raise

    def _digest(self, file: int) -> Content:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise Unreadable("This is no ordinary file.")
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)  # so that the disk itself is asked
        digest, size, begun = hashlib.sha256(), 0, self._clock()
        while piece := os.read(file, PIECE):
            digest.update(piece)
            size += len(piece)
            os.posix_fadvise(file, 0, size, os.POSIX_FADV_DONTNEED)  # nor is memory filled with what nobody watches
            self._slow_down(begun, size)
        return Content(size, digest.digest())

    def _slow_down(self, begun: float, size: int) -> None:
        # Also where the disk is slower than the bound: whoever is told to leave leaves here.
        self._pause(max(0.0, begun + size / self._rate - self._clock()))
        deadline = self._clock() + PATIENCE_SECONDS
        while self._pressure() > BUSY_PERCENT and self._clock() < deadline:
            self._pause(BUSY_PAUSE_SECONDS)


def io_pressure() -> float:
    """Return the share of time in percent in which a task waited for a disk (PSI); 0 where the kernel counts none."""
    try:
        found = _SOME.search(Path("/proc/pressure/io").read_text(encoding="ascii"))
    except OSError:
        return 0.0
    return float(found[1]) if found else 0.0


@contextmanager
def _opened(root: Path, path: str) -> Iterator[int]:
    """Open a file below `root` folder by folder, so that no link leads anywhere else; a pipe does not block."""
    *folders, name = Path(path).parts
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for folder in folders:
            below = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = below
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    finally:
        os.close(at)
    try:
        yield file
    finally:
        os.close(file)
