"""Small files of the launcher, written so that no reader and no crash ever sees half of one."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

LOG_BYTES = 5 * 1024**2  # a log longer than this is rotated when its writer starts


def write_atomically(path: Path, text: str) -> None:
    """Write a file of mode 0600 beside `path` and rename it over it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def keep_secret(path: Path) -> str:
    """Read the secret in `path`; make it first (256 random bits as hexadecimal digits, mode 0600) if it is missing."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists() or not path.read_text(encoding="ascii").strip():
        write_atomically(path, secrets.token_hex(32))
    return path.read_text(encoding="ascii").strip()


def rotate(log: Path) -> None:
    """Rename a log that has grown long to `NAME.log.1`, over the one before."""
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))


def set_aside(folder: Path) -> None:
    """Rename a data folder to `NAME.broken`, for whoever wants to know why; an earlier one is deleted."""
    kept = folder.with_name(f"{folder.name}.broken")
    shutil.rmtree(kept, ignore_errors=True)
    folder.rename(kept)
