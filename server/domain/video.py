"""A video: what it is to people, and the states it passes through."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from server.domain.extras import CHAPTERS, POSTERS, STORYBOARD, STORYBOARD_TRACK, VideoExtras, poster_name

MAX_TITLE = 200

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")


class VideoState(StrEnum):
    """Where a video stands. A removed video has no row at all."""

    CHECKING = "checking"  # its bytes are here; nobody has looked inside yet
    PREPARING = "preparing"  # the plan is made; pieces are being encoded
    READY = "ready"  # every piece exists
    FAILED = "failed"  # it cannot be played; the reason says why


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a video failed: a stable code and a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work on a video is, derived from its tasks; `eta_seconds` None means not known yet.

    `queue_place` is 0 while somebody works on it, else how many tasks of other films will be begun before its next
    one; None if nothing of it waits.
    """

    done: int
    total: int
    eta_seconds: float | None
    queue_place: int | None


@dataclass(frozen=True, slots=True)
class RenditionProgress:
    """How far one rendition is: pieces done of all, and the seconds of the film in them, wherever they stand.

    `loudness` is what `server.domain.loudness` tells of a sound once it is measured.
    """

    name: str
    kind: str
    done: int
    total: int
    seconds: float
    loudness: dict[str, float] | None

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form; `state` is waiting, preparing or ready."""
        state = "ready" if self.total and self.done == self.total else "preparing" if self.done else "waiting"
        return {
            "name": self.name,
            "kind": self.kind,
            "done": self.done,
            "total": self.total,
            "state": state,
            "ready_seconds": self.seconds,
            "loudness": self.loudness,
        }


@dataclass(frozen=True, slots=True)
class Video:
    """A video and everything a list or a page shows of it. `duration` is in seconds, `size` in bytes."""

    id: str
    title: str
    state: VideoState
    playable: bool
    owner_id: str
    owner: str
    size: int
    duration: float | None
    width: int | None
    height: int | None
    has_poster: bool
    created_at: datetime
    ready_at: datetime | None
    progress: Progress
    renditions: tuple[RenditionProgress, ...]
    error: Reason | None
    extras: VideoExtras
    has_chapters: bool
    captions_left_out: list[dict[str, object]]
    analysis: dict[str, Any] | None  # see `server.domain.analysis`

    def as_dict(self) -> dict[str, object]:
        """Return the one JSON form that API, events and pages share."""
        return {
            "id": self.id,
            "title": self.title,
            "state": self.state.value,
            "playable": self.playable,
            "duration": self.duration,
            "width": self.width,
            "height": self.height,
            "size": self.size,
            "owner": self.owner,
            "created_at": self.created_at.isoformat(),
            "ready_at": self.ready_at.isoformat() if self.ready_at else None,
            "progress": {
                "done": self.progress.done,
                "total": self.progress.total,
                "eta_seconds": self.progress.eta_seconds,
                "queue_place": self.progress.queue_place,
            },
            "renditions": [one.as_dict() for one in self.renditions],
            "error": {"code": self.error.code, "message": self.error.message} if self.error else None,
            "page": f"/watch/{self.id}",
            "poster": self._poster(self.extras.poster),
            "posters": [{"choice": one, "url": self._poster(one)} for one in sorted(self.extras.posters)],
            "playlist": f"/media/{self.id}/hls/main.m3u8" if self.playable else None,
            "storyboard": f"/media/{self.id}/{STORYBOARD}/{STORYBOARD_TRACK}" if self.extras.storyboard else None,
            "chapters": f"/media/{self.id}/{CHAPTERS}" if self.has_chapters else None,
            "captions": [track.as_dict(self.id) for track in self.extras.captions],
            "captions_left_out": self.captions_left_out,
            "analysis": self.analysis,
        }

    def _poster(self, choice: int | None) -> str | None:
        if choice is not None:
            return f"/media/{self.id}/{POSTERS}/{poster_name(choice)}"
        # Films from before there was a choice.
        return f"/media/{self.id}/poster.jpg" if self.has_poster else None


def title_from(filename: str) -> str:
    """Make a title from a file's name as an uploader sent it: any path, control or direction character is dropped.

    The name is never used as a path. A name that leaves nothing becomes "Untitled".
    """
    last = PurePosixPath(filename.replace("\\", "/")).name
    stem = last.rsplit(".", 1)[0] if "." in last.strip(".") else last
    words = _CONTROL.sub(" ", unicodedata.normalize("NFC", stem)).replace("_", " ")
    return " ".join(words.split())[:MAX_TITLE].strip() or "Untitled"
