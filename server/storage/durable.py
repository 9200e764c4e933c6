"""Bytes that stay: what is known to be on the disk, so that a loss of power leaves nothing that looks whole and is not.

After a loss of power a file may be longer than what was ever written to the disk, with zeros at its end (file systems
store the length before the bytes). So a file that grows carries a mark: the boot in which it was written, and how much
of it had been synced. Within that boot the kernel answers for all of it; in a later one only the synced part counts.
"""

from __future__ import annotations

import errno
import hashlib
import os
from functools import cache
from pathlib import Path

_MARK = "user.matinee.synced"  # xattr(7)
_NO_MARK = frozenset({errno.ENODATA, errno.ENOTSUP})


def sync(path: Path) -> None:
    """Put a file's bytes, or a folder's names, on the disk; returns when they are there."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def seal(path: Path) -> tuple[int, bytes]:
    """Put a file's bytes on the disk; return how many they are, and their SHA-256. Raises OSError for a link."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:  # noqa: PTH123  # no link is followed
        digest = hashlib.file_digest(file, "sha256").digest()
        os.fsync(file.fileno())
        return os.fstat(file.fileno()).st_size, digest


def make_folder(path: Path) -> None:
    """Make `path` unless it exists, and its name durable. Its parent must exist: FileNotFoundError otherwise."""
    try:
        path.mkdir(mode=0o750)
    except FileExistsError:
        return
    sync(path.parent)


def mark_synced(descriptor: int, length: int) -> None:
    """Note that the first `length` bytes of an open file are on the disk; nothing where files carry no attributes."""
    try:
        os.setxattr(descriptor, _MARK, f"{boot()} {length}".encode())
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise


def synced_before(descriptor: int) -> int | None:
    """Return how much of an open file was synced in the earlier boot that wrote it, None if it is of this boot."""
    try:
        written_in, synced = os.getxattr(descriptor, _MARK).decode().split()
    except OSError as error:
        if error.errno not in _NO_MARK:
            raise
        return None
    return None if written_in == boot() else int(synced)


@cache
def boot() -> str:
    """Name the present boot of this machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
