"""The work on films as people see and direct it: lists, the map of pieces, cancelling and trying again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server.domain import ids, permission
from server.domain.permission import Action
from server.domain.task import NewTask, Priority, Queue, TaskKind, TaskState
from server.domain.task_entry import TaskEntry
from server.domain.user import User
from server.domain.video import Reason, Video, VideoState
from server.errors import Conflict, Gone, Invalid, NotFound
from server.queue.doorbell import Doorbell
from server.services.preparation import Preparation
from server.services.videos import announce
from server.storage.library import Library
from server.store import task_lists, tasks, videos
from server.store.database import transaction

PAGE = 50


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Some tasks, newest first, and the cursor of the page after them (None at the end)."""

    tasks: list[TaskEntry]
    next_cursor: str | None


class Schedule:
    """What people may see and do about background work: administrators for every film, others for their own."""

    def __init__(self, preparation: Preparation, library: Library, doorbell: Doorbell) -> None:
        self._preparation = preparation
        self._library = library
        self._doorbell = doorbell

    def page(
        self,
        user: User,
        cursor: str | None = None,
        *,
        video_id: str | None = None,
        states: Sequence[str] = (),
        limit: int = PAGE,
    ) -> TaskPage:
        """Return one page of tasks, of one film and in some states where given. Raises Forbidden, Invalid."""
        permission.require(user.role, Action.TASKS_OWN)
        before, states = _before(cursor), _states(states)
        owner_id = None if permission.may(user.role, Action.TASKS_ANY) else user.id
        with transaction():
            found = task_lists.page(limit + 1, owner_id=owner_id, video_id=video_id, states=states, before=before)
        more = len(found) > limit
        return TaskPage(found[:limit], str(found[limit - 1].id) if more else None)

    def get(self, user: User, task_id: int) -> TaskEntry:
        """Return one task. Raises NotFound, Forbidden."""
        with transaction():
            return _task(user, task_id)

    def pieces(self, user: User, video_id: str) -> list[dict[str, Any]]:
        """Return the renditions of a film, each with its `pieces` in order. Raises NotFound, Forbidden."""
        with transaction():
            _video(user, video_id)
            found = task_lists.pieces(video_id)
        rows = defaultdict(list)
        for piece in found:
            rows[piece.pop("rendition"), piece.pop("kind")].append(piece)
        return [{"name": name, "kind": kind, "pieces": made} for (name, kind), made in rows.items()]

    def cancel_task(self, user: User, task_id: int) -> TaskEntry:
        """Give up one task. A film that cannot do without it fails. Raises NotFound, Forbidden, Conflict."""
        with transaction():
            entry = _task(user, task_id)
            videos.lock(entry.video_id)
            if not tasks.cancel(task_id, _cancelled(user)):
                raise Conflict("This task is over, so there is nothing to cancel.", code="conflict.cancel")
            if not (entry.essential and self._preparation.give_up(entry.video_id, _cancelled(user), user.id)):
                announce(entry.video_id, user.id)
            return _task(user, task_id)

    def cancel_video(self, user: User, video_id: str) -> Video:
        """Give up all work on a film. One that is not ready fails; a ready one stays as it is.

        Whoever works on it loses the lease at the next heartbeat. Raises NotFound, Forbidden, Conflict.
        """
        with transaction():
            _video(user, video_id)
            videos.lock(video_id)
            if not self._preparation.give_up(video_id, _cancelled(user), user.id):
                cancelled = [tasks.cancel(task_id, _cancelled(user)) for task_id in tasks.open_of(video_id)]
                if not any(cancelled):
                    raise Conflict("Nothing of this film is being prepared.", code="conflict.cancel")
                announce(video_id, user.id)
            return _video(user, video_id)

    def retry_task(self, user: User, task_id: int) -> Video:
        """Try a failed task again; if its film failed, the whole film. Raises NotFound, Forbidden, Conflict, Gone."""
        with transaction():
            entry = _task(user, task_id)
            if entry.state is not TaskState.FAILED:
                raise Conflict("This task has not failed, so there is nothing to try again.", code="conflict.retry")
            queues = self._renew(user, entry.video_id, task_id)
            video = _video(user, entry.video_id)
        self._ring(queues)
        return video

    def retry_video(self, user: User, video_id: str) -> Video:
        """Prepare a failed film anew from its original, or try again what failed of another one.

        Raises NotFound, Forbidden, Conflict if nothing failed, Gone if the original is lost.
        """
        with transaction():
            _video(user, video_id)
            queues = self._renew(user, video_id)
            video = _video(user, video_id)
        self._ring(queues)
        return video

    def _renew(self, user: User, video_id: str, task_id: int | None = None) -> list[Queue]:
        if videos.lock(video_id) is VideoState.FAILED:
            if self._library.original_size(video_id) is None:
                raise Gone("The original of this film is lost; upload the file again.", code="gone.lost")
            videos.restart(video_id)
            tasks.create(video_id, [NewTask(TaskKind.PLAN, "plan", Priority.FIRST)])
            queues = [Queue.LIGHT]
        else:
            queues = tasks.renew(video_id, task_id)
            if not queues:
                raise Conflict("Nothing of this film failed, so there is nothing to try again.", code="conflict.retry")
        announce(video_id, user.id)
        return queues

    def _ring(self, queues: Sequence[Queue]) -> None:
        for queue in queues:
            self._doorbell.ring(queue)


def _task(user: User, task_id: int) -> TaskEntry:
    entry = task_lists.get(task_id)
    if entry is None:
        raise NotFound("There is no such task; its film may have been removed or prepared anew.")
    _video(user, entry.video_id)
    return entry


def _video(user: User, video_id: str) -> Video:
    video = videos.get(video_id) if ids.is_id(video_id) else None
    if video is None:
        raise NotFound("There is no such video. It may have been removed; the library shows what there is.")
    permission.require(user.role, Action.TASKS_OWN if video.owner_id == user.id else Action.TASKS_ANY)
    return video


def _cancelled(user: User) -> Reason:
    return Reason(code="cancelled", message=f"{user.name} cancelled this. It can be tried again at any time.")


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not cursor.isdecimal() or len(cursor) > 18:
        raise Invalid("That page cannot be found; begin at the start of the list.", code="invalid.cursor")
    return int(cursor)


def _states(states: Sequence[str]) -> list[str]:
    known = [state.value for state in TaskState]
    if unknown := sorted(set(states) - set(known)):
        raise Invalid(f"There is no such state: {unknown[0]!r}; known are {', '.join(known)}.", code="invalid.state")
    return list(states)
