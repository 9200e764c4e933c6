"""Playing: the ticket that opens a video's bytes, and segments that do not exist yet."""

from __future__ import annotations

import time
from pathlib import Path

from server.domain import permission
from server.domain.permission import Action
from server.domain.task import Priority, Queue, TaskState
from server.domain.user import User
from server.domain.video import VideoState
from server.errors import Gone, NotFound, Unavailable
from server.keystore import tickets
from server.queue.doorbell import Doorbell
from server.services.repair import Repair
from server.storage.layout import Layout, Part
from server.store import tasks, videos
from server.store.database import transaction

WAIT_SECONDS = 20.0
LOOK_SECONDS = 0.02


class Playback:
    """Decides once per playback; nginx then serves every byte by itself."""

    def __init__(self, layout: Layout, doorbell: Doorbell, repair: Repair, ticket_key_file: Path) -> None:
        self._layout = layout
        self._doorbell = doorbell
        self._repair = repair
        self._ticket_key_file = ticket_key_file

    def ticket(self, user: User, now: float | None = None) -> str:
        """Return a ticket for what `user` may watch, good for `tickets.SECONDS`."""
        permission.require(user.role, Action.WATCH)
        key = tickets.ensure_key(self._ticket_key_file)
        return tickets.sign(key, int(time.time() if now is None else now) + tickets.SECONDS)

    def await_part(self, part: Part) -> None:
        """Return once the segment exists, moving the piece that will hold it to the head of the queue.

        Looks at the disk a few times a second, so it needs neither Redis nor a thread of its own (under gevent a
        waiting request is a sleeping greenlet). Raises NotFound for a segment that will never be, Gone if the video
        failed, Unavailable after WAIT_SECONDS.
        """
        path = self._layout.part(part)
        deadline = time.monotonic() + WAIT_SECONDS
        while not path.exists() and not self._is_coming(part):
            # The playlists of a plan are on the disk a moment before its tasks are in the database.
            self._wait(deadline)
        while not path.exists():
            self._wait(deadline)

    def _is_coming(self, part: Part) -> bool:
        """Have the piece of a segment made next; False if its film has no plan yet. Raises NotFound, Gone."""
        with transaction():
            # In this order: a plan that is settled in between must not look like a film without this segment.
            video = videos.state(part.video_id)
            piece = tasks.await_segment(part.video_id, part.rendition, part.segment or 0, Priority.AWAITED)
        if piece is None and video is VideoState.CHECKING:
            return False
        if video is None or piece is None:
            raise NotFound("There is no such segment: the film is shorter, or has been removed.")
        state, queue = piece
        if state == TaskState.FAILED or video is VideoState.FAILED:
            raise Gone("This part of the film could not be prepared.")
        if state == TaskState.DONE and not self._layout.part(part).exists() and not self._repair.lost(part):
            raise NotFound("There is no such segment: the file ends before it.")
        if state == TaskState.QUEUED:
            self._doorbell.ring(queue)
            self._doorbell.ring(Queue.URGENT)
        return True

    def _wait(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise Unavailable("This part of the film is still being prepared; ask again.", code="unavailable.segment")
        time.sleep(LOOK_SECONDS)
