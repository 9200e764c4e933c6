"""The library: what is published, and how it gets there: whole, by rename, and only once it is safely on disk.

Whatever publishes returns what it published, for the manifest. A folder of the library is made by `publish_original`
and by nothing else. Whatever publishes later into a video that was removed meanwhile finds no folder and fails with
Gone, so a removed video cannot come back in parts.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from server.domain import ids
from server.domain.artifact import Artifact, ArtifactKind
from server.domain.playlist import INIT_SEGMENT
from server.errors import Conflict, Gone
from server.storage.durable import make_folder, seal, sync
from server.storage.layout import Layout
from server.storage.quarantine import Quarantine

_SEGMENT = re.compile(r"[0-9]{5}\.m4s")
_TRASH = "trash-"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What an attempt made for one rendition, safely on disk: the init segment first, then the segments in order."""

    folder: Path
    init: Artifact  # paths are file names within `folder`
    segments: tuple[Artifact, ...]


class Library:
    """Everything published under the media folder, and the folders of attempts that are not.

    `off_loop` runs a slow call of the disk away from an event loop where there is one.
    """

    def __init__(self, layout: Layout, off_loop: Callable[[Callable[[], Any]], Any] | None = None) -> None:
        self._layout = layout
        self._off_loop = off_loop or (lambda call: call())

    def publish_original(self, upload_id: str, video_id: str) -> Artifact:
        """Move the spool file of a whole upload to its place as the original of a video.

        Done again after a crash it finds the file in place and changes nothing. The hash of what may be many gigabytes
        is left to the scrub. Raises Gone if the bytes are nowhere.
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
        return Artifact(original.name, ArtifactKind.ORIGINAL, original.stat().st_size, None)

    def original_size(self, video_id: str) -> int | None:
        """Return the size of the original, None where there is none."""
        try:
            return self._layout.original(video_id).stat().st_size
        except FileNotFoundError:
            return None

    def seal(self, folder: Path) -> Sealed:
        """Put the init segment and the segments in `folder` on the disk and hash them; nobody need wait meanwhile.

        Raises FileNotFoundError where there is no init segment.
        """
        names = sorted(path.name for path in folder.iterdir() if _SEGMENT.fullmatch(path.name))
        return Sealed(
            folder,
            Artifact(INIT_SEGMENT, ArtifactKind.INIT, *seal(folder / INIT_SEGMENT)),
            tuple(Artifact(name, ArtifactKind.SEGMENT, *seal(folder / name)) for name in names),
        )

    def publish_piece(self, made: Sealed, video_id: str, rendition: str, *, with_init: bool = True) -> list[Artifact]:
        """Move sealed segments into a rendition: some renames and one sync of its folder.

        A segment that was there is replaced, so that the manifest tells what lies on the disk. Raises Conflict
        (`conflict.init`) if the init segment differs from the published one, Gone if the video was removed.
        """
        folder = self._layout.rendition(video_id, rendition)
        published = [made.init, *made.segments] if with_init else list(made.segments)
        with self._publishing_to(folder):
            if with_init:
                _publish_init(made.folder / INIT_SEGMENT, folder / INIT_SEGMENT)
            for segment in made.segments:
                (made.folder / segment.path).replace(folder / segment.path)
        within = folder.relative_to(self._layout.video(video_id))
        return [replace(one, path=str(within / one.path)) for one in published]

    def publish_poster(self, file: Path, video_id: str) -> Artifact:
        """Move a picture to its place as the poster of a video. Raises Gone if the video was removed."""
        return self.publish_file(file, self._layout.poster(video_id))

    def publish_file(self, file: Path, place: Path) -> Artifact:
        """Move one file to its place in the folder of a video, instead of what was there.

        Raises Gone if the video was removed, ValueError for a place outside the library.
        """
        size, digest = seal(file)
        with self._publishing_to(place.parent):
            file.replace(place)
        return Artifact(self._within_video(place), ArtifactKind.EXTRA, size, digest)

    def write_text_atomically(self, path: Path, text: str) -> Artifact:
        """Replace the playlist `path` in one step; readers see the former text or this one.

        Raises Gone if the video was removed, ValueError for a path outside the library.
        """
        data = text.encode()
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with self._publishing_to(path.parent):
            try:
                fresh.write_bytes(data)
                sync(fresh)
                fresh.replace(path)
            finally:
                fresh.unlink(missing_ok=True)
        return Artifact(self._within_video(path), ArtifactKind.TEXT, len(data), hashlib.sha256(data).digest())

    def remove_video(self, video_id: str) -> None:
        """Take a video out of sight in one step, then delete its files. Doing it again changes nothing."""
        self._remove(self._layout.video(video_id))

    def set_aside_video(self, video_id: str) -> None:
        """Move the folder of a video that nobody knows to the quarantine."""
        Quarantine(self._layout).take(self._layout.video(video_id))

    def remove_rendition(self, video_id: str, name: str) -> None:
        """Take one rendition out of sight, then delete it. Doing it again changes nothing."""
        self._remove(self._layout.rendition(video_id, name))

    def withdraw_renditions(self, video_id: str) -> None:
        """Take everything that was made from the original out of sight, then delete it. The original stays."""
        folder, original = self._layout.video(video_id), self._layout.original(video_id)
        if folder.is_dir():
            self._remove(*(path for path in folder.iterdir() if path != original))

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

    def _within_video(self, path: Path) -> str:
        return str(Path(*path.relative_to(self._layout.videos).parts[1:]))

    def _remove(self, *paths: Path) -> None:
        """Move files and folders out of sight, then delete them; what is not there is no error."""
        trash = self._layout.work / f"{_TRASH}{secrets.token_hex(8)}"  # an orphan if we die before it is deleted
        trash.mkdir(mode=0o750, parents=True)
        for path in paths:
            with suppress(FileNotFoundError):
                path.rename(trash / path.name)
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
        folders = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
        return [entry.name for entry in folders if entry.stat(follow_symlinks=False).st_mtime < limit]
