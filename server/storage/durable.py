"""Bytes that stay: fsync of files and folders, so that a name never appears before what it names."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Put a file's bytes, or a folder's names, on the disk; returns when they are there."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make `path` unless it exists, and its name durable. Its parent must exist: FileNotFoundError otherwise."""
    try:
        path.mkdir(mode=0o750)
    except FileExistsError:
        return
    sync(path.parent)
