"""Strays: what lies in the media folder and belongs to nothing. It goes to the quarantine, never straight away.

A film from before the manifest is no stray: its files are read once and taken into the manifest as they are.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

from server.domain.artifact import Artifact, ArtifactKind
from server.domain.playlist import INIT_SEGMENT
from server.domain.upload import UploadState
from server.storage import census
from server.storage.layout import ORIGINAL, POSTER, Layout
from server.storage.quarantine import Quarantine
from server.storage.reading import Reader, Unreadable
from server.store import artifacts, uploads, videos
from server.store.database import transaction

# A file is renamed into the library a moment before its row is committed, and a spool file comes before its upload.
GRACE_SECONDS = 3600.0

_SEGMENT = re.compile(r"hls/([a-z][a-z0-9]*)/([0-9]{5})\.m4s")
_PLAYLIST = re.compile(r"hls/(?:[a-z][a-z0-9]*/)?[a-z]+\.m3u8")

_log = logging.getLogger(__name__)


class Strays:
    """Finds strays by name alone; `keep_days` is how long the quarantine keeps them."""

    def __init__(
        self, layout: Layout, quarantine: Quarantine, keep_days: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._layout = layout
        self._quarantine = quarantine
        self._keep_days = keep_days
        self._clock = clock

    def set_aside(self, reader: Reader, video_id: str | None = None) -> int:
        """Move what belongs to nothing into the quarantine, in the folder of one video or everywhere; return how much.

        Whatever changed within the last hour is left alone. Takes films from before the manifest into it.
        """
        on_disk = census.video_folders(self._layout)
        folders = [name for name in on_disk if video_id in (None, name)]
        moved = sum(self._inside(reader, folder) for folder in folders)
        if video_id is None:
            moved += self._outside()
            for date in self._quarantine.expire(self._keep_days):
                _log.info("What was set aside on %s has been deleted.", date)
        return moved

    def _inside(self, reader: Reader, video_id: str) -> int:
        """Set aside the strays in the folder of a video, or the folder itself."""
        found = dict(census.files_of(self._layout, video_id))
        with transaction():
            known = artifacts.paths(video_id)
            exists = bool(videos.known([video_id]))
            upload = uploads.get(video_id)  # its bytes are here a moment before its video has a row
        if not exists:
            arriving = upload is not None and upload.state is UploadState.RECEIVING
            return 0 if arriving or not self._rests(*found.values()) else self._move_folder(video_id)
        if ORIGINAL not in known:
            self._adopt(reader, video_id, found)
            return 0
        return sum(self._move_file(video_id, path) for path in set(found) - known if self._rests(found[path]))

    def _outside(self) -> int:
        found = [path for path, changed in census.strangers(self._layout) if self._rests(changed)]
        for path in found:
            _log.warning("%s belongs to nothing and was set aside.", path)
            self._quarantine.take(path)
        return len(found)

    def _rests(self, *changed: float) -> bool:
        return max(changed, default=0.0) < self._clock() - GRACE_SECONDS

    def _move_file(self, video_id: str, path: str) -> int:
        with transaction():
            videos.lock(video_id)  # nobody publishes meanwhile
            if artifacts.get(video_id, path) is not None:
                return 0
            _log.warning("%s of video %s belongs to nothing and was set aside.", path, video_id)
            return int(self._quarantine.take(self._layout.video(video_id) / path) is not None)

    def _move_folder(self, video_id: str) -> int:
        _log.warning("The folder %s belongs to no video and was set aside.", video_id)
        return int(self._quarantine.take(self._layout.video(video_id)) is not None)

    def _adopt(self, reader: Reader, video_id: str, found: dict[str, float]) -> None:
        """Take the files of a film from before the manifest into it, as they are."""
        for path in sorted(found):
            try:
                content = reader.read(self._layout.video(video_id), path)
            except Unreadable:
                continue
            kind = _kind(path)
            if content is None or kind is None:
                continue
            text = None
            if kind is ArtifactKind.TEXT:
                text = (self._layout.video(video_id) / path).read_text(encoding="utf-8")
            with transaction():
                if videos.lock(video_id) is not None and artifacts.get(video_id, path) is None:
                    maker = _maker(video_id, path)
                    artifacts.note(video_id, [Artifact(path, kind, content.size, content.sha256)], maker, text)


def _kind(path: str) -> ArtifactKind | None:
    if path == ORIGINAL:
        return ArtifactKind.ORIGINAL
    if path == POSTER:
        return ArtifactKind.EXTRA
    if path.endswith(f"/{INIT_SEGMENT}"):
        return ArtifactKind.INIT
    if _SEGMENT.fullmatch(path):
        return ArtifactKind.SEGMENT
    return ArtifactKind.TEXT if _PLAYLIST.fullmatch(path) else None


def _maker(video_id: str, path: str) -> int | None:
    """Return the task that makes a file."""
    segment = _SEGMENT.fullmatch(path)
    if segment:
        return artifacts.maker(video_id, segment[1], int(segment[2]))
    return artifacts.maker(video_id, path.split("/")[1], 0) if path.endswith(f"/{INIT_SEGMENT}") else None
