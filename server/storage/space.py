"""Free space on the media volume, and sizes in words."""

from __future__ import annotations

import os
from pathlib import Path

from server.errors import NoSpace

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def free_bytes(folder: Path) -> int:
    """Return how many bytes the file system of `folder` still has for us, without what only root may use."""
    volume = os.statvfs(folder)
    return volume.f_bavail * volume.f_frsize


def require_files(folder: Path) -> None:
    """Pass if the file system of `folder` can hold more files: a hundredth of what it can hold stays free.

    File systems that know no such limit say 0. Raises NoSpace (`no-space.disk`).
    """
    volume = os.statvfs(folder)
    if volume.f_files and volume.f_favail * 100 < volume.f_files:
        raise NoSpace(
            "The disk for videos cannot hold more files, though there may be room for bytes. "
            "Remove a video, or ask the administrator for a larger disk.",
            code="no-space.disk",
        )


def require(needed: int, free: int, reserve: int, promised: int) -> None:
    """Pass if `needed` more bytes fit beside the `reserve` that stays free and what is `promised` to other uploads.

    Raises NoSpace (`no-space.disk`) with the figures. `needed` 0 asks only whether the reserve is still untouched.
    """
    available = free - reserve - promised
    if needed > available:
        raise NoSpace(
            f"There is no room on the disk for videos: {in_words(needed)} more are needed, and "
            f"{in_words(max(available, 0))} may be used. {in_words(free)} are free; {in_words(reserve)} of it always "
            f"stay free, and {in_words(promised)} are promised to uploads that are still coming in. "
            "Remove a video, or ask the administrator for a larger disk.",
            code="no-space.disk",
        )


def in_words(size: int) -> str:
    """Return a size as people read it, in decimal units with at most one decimal: "512 bytes", "1.5 GB"."""
    amount, power = float(size), 0
    while amount >= 999.95 and power < len(_UNITS) - 1:
        amount, power = amount / 1000, power + 1
    return f"{size} bytes" if power == 0 else f"{amount:.1f} {_UNITS[power]}".replace(".0 ", " ")
