"""The spool: bytes of uploads on their way in, one file each, whose length is the truth about how much has arrived.

Every piece of a body is appended by compare-and-append: under an exclusive `flock`, only while the file is exactly as
long as the writer believes, and the lock is let go before the writer waits for its client again. So two requests for
one upload can never mix their bytes, and a connection that has died holds nothing: whoever appends first goes on, and
the other finds the file grown and stops. The kernel frees the lock of a process that is killed.

A body with a checksum first goes to a file without a name, which the kernel takes away if we die, and is appended once
it is proven. So nothing of a wrong or torn body is ever part of the upload, not even for a moment.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from server.domain import ids
from server.errors import Conflict, Invalid, NoSpace, TooLarge
from server.storage import durable, space
from server.storage.layout import Layout
from server.storage.quarantine import Quarantine

PIECE = 256 * 1024  # read from the client and written at once
SYNC_EVERY = 64 * 1024**2  # a power cut in the middle of a body costs at most this much
MAX_CHECKED = 256 * 1024**2  # a body with a checksum is on disk twice for a moment
ALGORITHMS = ("sha1", "sha256")

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Stream(Protocol):
    """A body: `read` returns up to `size` bytes, and b"" at its end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes."""


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the bytes of one request must hash to; `algorithm` is one of ALGORITHMS."""

    algorithm: str
    digest: bytes


class Incoming:
    """The spool folder. `off_loop` runs a slow call of the disk away from an event loop where there is one."""

    def __init__(
        self, layout: Layout, reserve_bytes: int = 0, off_loop: Callable[[Callable[[], Any]], Any] | None = None
    ) -> None:
        self._layout = layout
        self._reserve = reserve_bytes
        self._off_loop = off_loop or (lambda call: call())

    def create(self, upload_id: str) -> None:
        """Make the empty spool file of an upload, for its owner only. Raises NoSpace when the volume is full."""
        with _no_space_named():
            self._folder()
            spool = os.open(self._layout.spool(upload_id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                durable.mark_synced(spool, 0)
            finally:
                os.close(spool)
            self._off_loop(lambda: durable.sync(self._layout.incoming))

    def length(self, upload_id: str) -> int | None:
        """Return how many bytes have arrived, None where there is no spool file.

        After a loss of power the end that was not synced yet is cut off first: it may be zeros.
        """
        try:
            with self._opened(upload_id) as spool:
                length = os.fstat(spool).st_size
                if durable.synced_before(spool) is not None:
                    with _alone(spool, length):
                        length = _cut_untrusted(spool, length)
                return length
        except FileNotFoundError:
            return None

    def require_room(self, needed: int, promised: int) -> None:
        """Pass if `needed` more bytes fit beside the reserve and the `promised` bytes of others. Raises NoSpace."""
        space.require(needed, space.free_bytes(self._folder()), self._reserve, promised)
        space.require_files(self._layout.incoming)

    def append(self, upload_id: str, offset: int, size: int, stream: Stream, checksum: Checksum | None = None) -> int:
        """Append `stream` at `offset` to an upload of `size` bytes and return the new length, safely on disk.

        Whatever arrived before an error stays, except that a body with a checksum counts wholly or not at all. Raises
        Conflict if the file is not `offset` long or another request is faster, Invalid (`invalid.checksum`), TooLarge
        if more comes than there is room for (it is cut there), NoSpace when the volume is full, FileNotFoundError if
        the upload was published or removed meanwhile, and what `stream` raises. Ask for `length` before: it judges
        what can be trusted after a loss of power.
        """
        with self._opened(upload_id) as spool, _no_space_named():
            with _alone(spool, offset):
                self.require_room(0, 0)
            if checksum is None:
                return self._append(spool, offset, size, stream)
            with tempfile.TemporaryFile(dir=self._layout.incoming, buffering=0) as proven:
                _prove(stream, proven, min(size - offset, MAX_CHECKED), checksum)
                return self._append(spool, offset, size, proven)

    def remove(self, upload_id: str) -> None:
        """Drop the spool file, if there is one."""
        self._layout.spool(upload_id).unlink(missing_ok=True)

    def set_aside(self, upload_id: str) -> None:
        """Move a spool file that nobody knows to the quarantine."""
        Quarantine(self._layout).take(self._layout.spool(upload_id))

    def unchanged(self, seconds: float) -> list[str]:
        """Return the ids of spool files to which nothing was added for `seconds`."""
        limit = time.time() - seconds
        with os.scandir(self._folder()) as entries:
            found = [entry.name for entry in entries if entry.stat(follow_symlinks=False).st_mtime < limit]
        return [name for name in found if ids.is_id(name)]

    def _folder(self) -> Path:
        self._layout.incoming.mkdir(mode=0o750, parents=True, exist_ok=True)
        return self._layout.incoming

    @contextmanager
    def _opened(self, upload_id: str) -> Iterator[int]:
        spool = os.open(self._layout.spool(upload_id), os.O_WRONLY | os.O_NOFOLLOW)
        try:
            yield spool
        finally:
            os.close(spool)

    def _append(self, spool: int, offset: int, size: int, stream: Stream) -> int:
        position = synced = offset
        try:
            while piece := stream.read(PIECE):
                fitting = piece[: size - position]
                with _alone(spool, position):
                    position = _write(spool, position, fitting)
                if len(fitting) < len(piece):
                    raise TooLarge(
                        f"More was sent than the {size} bytes that were announced; the rest was not taken.",
                        code="too-large.body",
                    )
                if position - synced >= SYNC_EVERY:
                    self._sync(spool, synced, position)
                    synced = position
                    self.require_room(0, 0)
        finally:
            self._sync(spool, synced, position)
        return position

    def _sync(self, spool: int, synced: int, length: int) -> None:
        """Put what came after `synced` on the disk, or take it away: a second fsync would not tell that it is lost."""
        try:
            self._off_loop(lambda: os.fsync(spool))
        except OSError:
            with suppress(Conflict), _alone(spool, length):
                os.ftruncate(spool, synced)
            raise
        durable.mark_synced(spool, length)


@contextmanager
def _alone(spool: int, length: int) -> Iterator[None]:
    """Hold the spool file while it is exactly `length` bytes long. Raises Conflict at once instead of waiting."""
    try:
        fcntl.flock(spool, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Conflict(
            "Another request is adding to this upload at this very moment. Ask for its offset and go on from there.",
            code="conflict.busy",
        ) from error
    try:
        arrived = os.fstat(spool).st_size
        if arrived != length:
            raise Conflict(
                f"These bytes begin at {length}, but {arrived} bytes have arrived. Go on from there.",
                code="conflict.offset",
            )
        yield
    finally:
        fcntl.flock(spool, fcntl.LOCK_UN)


def _cut_untrusted(spool: int, length: int) -> int:
    synced = durable.synced_before(spool)
    if synced is None:  # somebody else was faster
        return length
    os.ftruncate(spool, min(length, synced))
    durable.mark_synced(spool, min(length, synced))
    return min(length, synced)


def _write(spool: int, position: int, piece: bytes) -> int:
    rest = memoryview(piece)
    while rest:
        written = os.pwrite(spool, rest, position)
        position, rest = position + written, rest[written:]
    return position


def _prove(stream: Stream, proven: Any, room: int, checksum: Checksum) -> None:
    """Copy `stream` to the file `proven` and rewind it. Raises TooLarge, or Invalid if the checksum is another."""
    digest = hashlib.new(checksum.algorithm, usedforsecurity=False)
    while piece := stream.read(PIECE):
        if proven.tell() + len(piece) > room:
            raise TooLarge(
                f"A request with a checksum may carry at most {room} bytes here; nothing of it was kept.",
                code="too-large.body",
            )
        digest.update(piece)
        _write(proven.fileno(), proven.tell(), piece)
        proven.seek(len(piece), os.SEEK_CUR)
    if digest.digest() != checksum.digest:
        raise Invalid(
            f"The bytes do not have the {checksum.algorithm} checksum they were sent with, so none of them was kept. "
            "Send them again.",
            code="invalid.checksum",
        )
    proven.seek(0)


@contextmanager
def _no_space_named() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise NoSpace(
            "The disk for videos is full. What has arrived is kept; go on when there is room again.",
            code="no-space.disk",
        ) from error
