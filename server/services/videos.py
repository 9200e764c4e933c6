"""The library: list, show, remove, and tell everybody what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.domain import ids, permission
from server.domain.event import EventType, NewEvent
from server.domain.permission import Action
from server.domain.user import User
from server.domain.video import Video
from server.errors import Invalid, NotFound
from server.storage.library import Library
from server.store import events, uploads, videos
from server.store.database import transaction

PAGE = 24


@dataclass(frozen=True, slots=True)
class Page:
    """Some videos, newest first, and the cursor of the page after them (None at the end)."""

    videos: list[Video]
    next_cursor: str | None


class Videos:
    """The library as people see it."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def page(self, user: User, cursor: str | None = None, limit: int = PAGE) -> Page:
        """Return one page of the library. Raises Invalid for a cursor that this appliance did not make."""
        permission.require(user.role, Action.WATCH)
        with transaction():
            found = videos.newest(limit + 1, _before(cursor))
        last = found[limit - 1] if len(found) > limit else None
        return Page(found[:limit], f"{last.created_at.isoformat()}~{last.id}" if last else None)

    def get(self, user: User, video_id: str) -> Video:
        """Return one video. Raises NotFound."""
        permission.require(user.role, Action.WATCH)
        with transaction():
            return find(video_id)

    def remove(self, user: User, video_id: str) -> None:
        """Remove a video with everything made from it. Work on it stops by itself: its tasks are gone with it.

        Raises NotFound, or Forbidden if it belongs to somebody else and the role does not cover that.
        """
        with transaction():
            video = find(video_id)
            own = video.owner_id == user.id
            permission.require(user.role, Action.REMOVE_OWN if own else Action.REMOVE_ANY)
            if not videos.remove(video_id):  # somebody else was faster
                raise _unknown()
            data: dict[str, object] = {"id": video_id, "title": video.title}
            events.append(NewEvent(EventType.VIDEO_REMOVED, f"videos/{video_id}", data, actor=user.id))
        self._library.remove_video(video_id)

    def repair(self) -> list[str]:
        """Set aside folders of the library that belong to no video (their removal was cut short); return their ids."""
        on_disk = self._library.videos()
        with transaction():
            # The bytes of an upload are moved here just before its video gets a row, under the same id.
            unfinished = {upload.id for upload in uploads.receiving()}
            strays = sorted(set(on_disk) - unfinished - videos.known(on_disk))
        for video_id in strays:
            self._library.set_aside_video(video_id)
        return strays


def announce(video_id: str, actor: str | None = None) -> None:
    """Write to the outbox, inside the caller's transaction, how the video stands now."""
    video = videos.get(video_id)
    if video is not None:
        events.append(NewEvent(EventType.VIDEO_CHANGED, f"videos/{video_id}", video.as_dict(), actor=actor))


def find(video_id: str) -> Video:
    """Return a video, within the caller's transaction. Raises NotFound."""
    video = videos.get(video_id) if ids.is_id(video_id) else None
    if video is None:
        raise _unknown()
    return video


def _unknown() -> NotFound:
    return NotFound("There is no such video. It may have been removed; the library shows what there is.")


def _before(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    moment, _, video_id = cursor.partition("~")
    try:
        created_at = datetime.fromisoformat(moment)
    except ValueError:
        created_at = None
    if created_at is None or not ids.is_id(video_id):
        raise Invalid("That page cannot be found; begin at the start of the library.", code="invalid.cursor")
    return created_at, video_id
