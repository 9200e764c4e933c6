"""The library: what is published, and how it gets there: whole, by rename, and only once it is safely on disk.

A folder of the library is made by `publish_original` and by nothing else. Whatever publishes later into a video that
was removed meanwhile finds no folder and fails with Gone, so a removed video cannot come back in parts.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from server.domain import ids
from server.domain.playlist import INIT_SEGMENT
from server.errors import Conflict, Gone
from server.storage.durable import make_folder, sync
from server.storage.layout import Layout

_SEGMENT = re.compile(r"[0-9]{5}\.m4s")
_TRASH = "trash-"


class Library:
    """Everything published under the media folder, and the folders of attempts that are not.

    `off_loop` runs a slow call of the disk away from an event loop where there is one.
    """

    def __init__(self, layout: Layout, off_loop: Callable[[Callable[[], Any]], Any] | None = None) -> None:
        self._layout = layout
        self._off_loop = off_loop or (lambda call: call())

    def publish_original(self, upload_id: str, video_id: str) -> None:
        """Move the spool file of a whole upload to its place as the original of a video.

        Done again after a crash it finds the file in place and changes nothing. Raises Gone if the bytes are nowhere.
        """
        spool, original = self._layout.spool(upload_id), self._layout.original(video_id)
        self._layout.videos.mkdir(mode=0o750, parents=True, exist_ok=True)
        make_folder(original.parent)
        try:
            self._off_loop(lambda: sync(spool))
            spool.rename(original)
        except FileNotFoundError as error:
            if not original.exists():
                raise Gone("The bytes of this upload are no longer there; upload the file again.") from error
        self._off_loop(lambda: sync(original.parent))

    def original_size(self, video_id: str) -> int | None:
        """Return the size of the original, None where there is none."""
        try:
            return self._layout.original(video_id).stat().st_size
        except FileNotFoundError:
            return None

    def publish_piece(self, attempt: Path, video_id: str, rendition: str) -> list[str]:
        """Move the init segment and the segments of an attempt into a rendition; return the names of its segments.

        What is published never changes: a segment that is there already stays. Raises Conflict (`conflict.init`) if
        the init segment differs from the published one, Gone if the video was removed.
        """
        made = sorted(path.name for path in attempt.iterdir() if _SEGMENT.fullmatch(path.name))
        for name in (INIT_SEGMENT, *made):
            sync(attempt / name)
        folder = self._layout.rendition(video_id, rendition)
        with self._publishing_to(folder):
            _publish_init(attempt / INIT_SEGMENT, folder / INIT_SEGMENT)
            for name in made:
                if not (folder / name).exists():
                    (attempt / name).rename(folder / name)
        return made

    def publish_poster(self, file: Path, video_id: str) -> None:
        """Move a picture to its place as the poster of a video. Raises Gone if the video was removed."""
        sync(file)
        poster = self._layout.poster(video_id)
        with self._publishing_to(poster.parent):
            file.replace(poster)

    def write_text_atomically(self, path: Path, text: str) -> None:
        """Replace the playlist `path` in one step; readers see the former text or this one.

        Raises Gone if the video was removed, ValueError for a path outside the library.
        """
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with self._publishing_to(path.parent):
            try:
                fresh.write_text(text, encoding="utf-8")
                sync(fresh)
                fresh.replace(path)
            finally:
                fresh.unlink(missing_ok=True)

    def remove_video(self, video_id: str) -> None:
        """Take a video out of sight in one step, then delete its files. Doing it again changes nothing."""
        self._remove(self._layout.video(video_id))

    def withdraw_renditions(self, video_id: str) -> None:
        """Take everything that was made from the original out of sight, then delete it. The original stays."""
        self._remove(self._layout.hls(video_id))
        self._layout.poster(video_id).unlink(missing_ok=True)

    def prepare_attempt(self, task_id: int, fence: int) -> Path:
        """Make the empty folder that one attempt of a task writes to, and return it."""
        folder = self._layout.attempt(task_id, fence)
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o750, parents=True)
        return folder

    def discard_attempt(self, task_id: int, fence: int) -> None:
        """Delete the folders of this attempt and of earlier attempts at the same task."""
        task = self._layout.attempt(task_id, fence).parent
        if not task.is_dir():
            return
        for folder in task.iterdir():
            if folder.name.isdecimal() and int(folder.name) <= fence:
                shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # a later attempt is at work here
            task.rmdir()

    def videos(self, unchanged_seconds: float = 3600) -> list[str]:
        """Return the ids of video folders in which nothing was published for `unchanged_seconds`."""
        return [name for name in _unchanged(self._layout.videos, unchanged_seconds) if ids.is_id(name)]

    def orphans(self, unchanged_seconds: float = 24 * 3600) -> list[Path]:
        """Return what nobody has worked on for so long: attempts whose worker died, removals that were cut short."""
        folders = [self._layout.work / name for name in _unchanged(self._layout.work, unchanged_seconds)]
        return [
            folder
            for folder in folders
            if folder.name.startswith(_TRASH)
            or len(_unchanged(folder, unchanged_seconds)) == len(list(folder.iterdir()))
        ]

    def remove_orphans(self) -> int:
        """Delete every orphan and return how many there were."""
        orphans = self.orphans()
        for folder in orphans:
            shutil.rmtree(folder, ignore_errors=True)
        return len(orphans)

    def _remove(self, folder: Path) -> None:
        trash = self._layout.work / f"{_TRASH}{secrets.token_hex(8)}"
        self._layout.work.mkdir(mode=0o750, parents=True, exist_ok=True)
        try:
            folder.rename(trash)
        except FileNotFoundError:
            return
        os.utime(trash)  # it becomes an orphan if we die here, not before
        self._off_loop(lambda: shutil.rmtree(trash))

    @contextmanager
    def _publishing_to(self, folder: Path) -> Iterator[None]:
        """Make `folder` within its video, and what is put into it durable. Raises Gone if there is no such video."""
        within = folder.relative_to(self._layout.videos)
        try:
            for parent in reversed((within, *within.parents)[:-2]):  # all but the folder of the video itself
                make_folder(self._layout.videos / parent)
            yield
            sync(folder)
        except FileNotFoundError as error:
            raise Gone("The video was removed while it was being prepared.", code="gone.video") from error


def _publish_init(made: Path, published: Path) -> None:
    """Publish an init segment unless the very same one is there. Raises Conflict if another one is."""
    sync(made)
    try:
        published.hardlink_to(made)
    except FileExistsError:
        if made.read_bytes() != published.read_bytes():
            raise Conflict(
                "This piece was encoded with other parameters than the pieces before it, so they cannot be joined.",
                code="conflict.init",
            ) from None


def _unchanged(folder: Path, seconds: float) -> list[str]:
    if not folder.is_dir():
        return []
    limit = time.time() - seconds
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir() and entry.stat().st_mtime < limit]
