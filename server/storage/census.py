"""What lies in the media folder, by name alone: nothing is opened, and no link is followed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from server.domain import ids
from server.storage.layout import Layout

# Of folders of attempts and of removals; how old ones end is the library's business.
_OURS_AT_WORK = re.compile(r"[0-9]+|trash-[0-9a-f]+")
_OF_THE_FILE_SYSTEM = frozenset({"lost+found"})


def video_folders(layout: Layout) -> list[str]:
    """Return the ids of all videos that have a folder."""
    return sorted(entry.name for entry in _entries(layout.videos) if _is_folder(entry) and ids.is_id(entry.name))


def files_of(layout: Layout, video_id: str) -> Iterator[tuple[str, float]]:
    """Yield everything in the folder of a video that is no folder: path within it, time of its last change."""
    root = layout.video(video_id)
    yield from ((str(path.relative_to(root)), changed) for path, changed in _walk(root))


def strangers(layout: Layout) -> Iterator[tuple[Path, float]]:
    """Yield what lies in the library, the spool or the work folder and has no name that Matinee gives: path, change."""
    for entry in _entries(layout.videos):
        if not (_is_folder(entry) and ids.is_id(entry.name)):
            yield Path(entry.path), _changed(entry)
    for entry in _entries(layout.incoming):
        if not (entry.is_file(follow_symlinks=False) and ids.is_id(entry.name)):
            yield Path(entry.path), _changed(entry)
    for entry in _entries(layout.work):
        if not (_is_folder(entry) and _OURS_AT_WORK.fullmatch(entry.name)):
            yield Path(entry.path), _changed(entry)


def _walk(folder: Path) -> Iterator[tuple[Path, float]]:
    for entry in _entries(folder):
        if _is_folder(entry):
            yield from _walk(Path(entry.path))
        else:
            yield Path(entry.path), _changed(entry)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.name not in _OF_THE_FILE_SYSTEM]
    except FileNotFoundError:
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _changed(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat(follow_symlinks=False).st_ctime
    except FileNotFoundError:
        return float("inf")
