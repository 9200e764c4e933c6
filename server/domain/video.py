"""A video: what it is to people, and the states it passes through."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath

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
    """How far the work on a video is, derived from its tasks; `eta_seconds` None means not known yet."""

    done: int
    total: int
    eta_seconds: float | None


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
    error: Reason | None

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
            },
            "error": {"code": self.error.code, "message": self.error.message} if self.error else None,
            "page": f"/watch/{self.id}",
            "poster": f"/media/{self.id}/poster.jpg" if self.has_poster else None,
            "playlist": f"/media/{self.id}/hls/main.m3u8" if self.playable else None,
        }


def title_from(filename: str) -> str:
    """Make a title from a file's name as an uploader sent it: any path, control or direction character is dropped.

    The name is never used as a path. A name that leaves nothing becomes "Untitled".
    """
    last = PurePosixPath(filename.replace("\\", "/")).name
    stem = last.rsplit(".", 1)[0] if "." in last.strip(".") else last
    words = _CONTROL.sub(" ", unicodedata.normalize("NFC", stem)).replace("_", " ")
    return " ".join(words.split())[:MAX_TITLE].strip() or "Untitled"
