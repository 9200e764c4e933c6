"""Originals on a machine that has none: sparse files that hold the blocks which were needed, shared by all processes.

    {root}/<video>/original     the film, with holes where nobody looked
    {root}/<video>/blocks       a byte per block: 1 where it is there, and written to the disk
    {root}/<video>/tag          the entity tag of the film that the blocks are from

Whoever reads a film holds a shared flock on its folder, and only a film that nobody reads is thrown away. Blocks are
fetched one at a time under the lock of `blocks`, so that processes which want the same film share one download.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from server.errors import NoSpace, Unavailable

BLOCK = 8 * 1024**2

Fetch = Callable[[int, int, str | None], tuple[bytes, str] | None]


class Originals:
    """The cache in the folder `root`, which keeps at most `max_bytes` on the disk beside what is being read."""

    def __init__(self, root: Path, max_bytes: int) -> None:
        self._root = root
        self._max_bytes = max_bytes
        root.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def reading(self, video_id: str, size: int) -> Iterator[Film]:
        """Give the film of `size` bytes for as long as the block runs: it is not thrown away meanwhile."""
        folder = self._root / video_id
        while True:
            folder.mkdir(mode=0o700, exist_ok=True)
            with _opened(folder, os.O_RDONLY | os.O_DIRECTORY) as held, _locked(held, fcntl.LOCK_SH):
                if not _is_still(held, folder):  # thrown away between its making and its lock
                    continue
                os.utime(held)
                yield Film(folder, size, self._make_room)
                return

    def _make_room(self, needed: int) -> None:
        """Throw away the films that nobody has read for the longest time. Raises NoSpace."""
        films = sorted((path for path in self._root.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
        used = sum(_used(film) for film in films)
        for film in films:
            if used + needed <= self._max_bytes:
                return
            used -= _thrown_away(film)
        if used + needed > self._max_bytes:
            raise NoSpace(
                f"This machine keeps at most {self._max_bytes} bytes of films, and those at work need more.",
                code="no-space.worker",
            )


class Film:
    """One original. `make_room` is asked before anything is added."""

    def __init__(self, folder: Path, size: int, make_room: Callable[[int], None]) -> None:
        self._folder = folder
        self._size = size
        self._make_room = make_room

    @property
    def path(self) -> Path:
        """The file; only what was `ensure`d may be read."""
        return self._folder / "original"

    def ensure(self, fetch: Fetch, spans: Iterable[tuple[int, int]] | None = None) -> None:
        """Fetch what is not there yet of the `spans` (start and end in bytes), or of the whole film.

        `fetch(start, end, tag)` returns the bytes and the film's tag, or None if the tag is another one. Raises
        NoSpace, Unavailable if the film is another one, and what `fetch` raises.
        """
        wanted = [(0, self._size)] if spans is None else spans
        blocks = {number for start, end in wanted for number in range(start // BLOCK, -(-end // BLOCK))}
        make = os.O_RDWR | os.O_CREAT
        with _opened(self._folder / "blocks", make) as known, _opened(self.path, make) as film:
            os.ftruncate(film, self._size)
            for number in sorted(blocks):
                with _locked(known, fcntl.LOCK_EX):
                    if os.pread(known, 1, number) != b"\1":
                        self._fetch(fetch, number, film)
                        os.pwrite(known, b"\1", number)

    def _fetch(self, fetch: Fetch, number: int, film: int) -> None:
        start, end = number * BLOCK, min((number + 1) * BLOCK, self._size)
        self._make_room(end - start)
        tagged = self._folder / "tag"
        tag = tagged.read_text(encoding="ascii") if tagged.exists() else None
        found = fetch(start, end, tag)
        if found is None:
            self._forget()
            raise Unavailable("The film is not the one that it was; it is fetched anew.")
        content, fresh = found
        if tag is None:
            tagged.write_text(fresh, encoding="ascii")
        rest = memoryview(content)
        while rest:
            written = os.pwrite(film, rest, start)
            start, rest = start + written, rest[written:]
        os.fdatasync(film)

    def _forget(self) -> None:
        """Begin anew: nothing of what is there belongs to the film."""
        os.truncate(self._folder / "blocks", 0)
        (self._folder / "tag").unlink(missing_ok=True)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _locked(descriptor: int, kind: int) -> Iterator[None]:
    """Hold a lock of flock(2). Raises BlockingIOError with LOCK_NB."""
    fcntl.flock(descriptor, kind)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _is_still(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _used(film: Path) -> int:
    try:
        return (film / "original").stat().st_blocks * 512
    except FileNotFoundError:
        return 0


def _thrown_away(film: Path) -> int:
    """Delete a film unless somebody reads it; return how many bytes that gave back."""
    try:
        with _opened(film, os.O_RDONLY | os.O_DIRECTORY) as held, _locked(held, fcntl.LOCK_EX | fcntl.LOCK_NB):
            used = _used(film)
            trash = film.with_name(f".{film.name}.{secrets.token_hex(4)}")
            film.rename(trash)
    except (BlockingIOError, FileNotFoundError):
        return 0
    shutil.rmtree(trash, ignore_errors=True)
    return used
