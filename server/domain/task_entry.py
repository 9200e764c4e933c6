"""A task as people see it in a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.domain.task import Priority, TaskKind, TaskState
from server.domain.video import Reason

_WORDS = {
    Priority.AWAITED: "somebody waits for it",
    Priority.FIRST: "makes the film playable",
    Priority.POSTER: "the poster",
    Priority.LOWEST: "the whole film in its first quality",
    Priority.REST: "further qualities",
    Priority.EXTRA: "extras",
    Priority.IDLE: "when nothing else is to do",
}


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """One task. `start` and `end` are seconds of the film, `progress` is 0 to 1 of the running attempt.

    `queue_place` is the number of tasks that are begun before it, None unless it waits. `worker` is who has or had it.
    """

    id: int
    kind: TaskKind
    video_id: str
    title: str
    owner: str
    renditions: tuple[str, ...]
    start: float
    end: float | None
    queue: str
    state: TaskState
    priority: int
    essential: bool
    queue_place: int | None
    attempt: int
    worker: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    age_seconds: float
    running_seconds: float | None
    progress: float | None
    error: Reason | None

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form that API and command line share."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "video": {"id": self.video_id, "title": self.title, "owner": self.owner},
            "renditions": list(self.renditions),
            "start": self.start,
            "end": self.end,
            "queue": self.queue,
            "state": self.state.value,
            "priority": {"value": self.priority, "words": priority_words(self.priority)},
            "essential": self.essential,
            "queue_place": self.queue_place,
            "attempt": self.attempt,
            "worker": self.worker,
            "created_at": self.created_at.isoformat(),
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "age_seconds": self.age_seconds,
            "running_seconds": self.running_seconds,
            "progress": self.progress,
            "error": {"code": self.error.code, "message": self.error.message} if self.error else None,
        }


def priority_words(priority: int) -> str:
    """Say why a task has its place in the order of work."""
    return next((words for known, words in _WORDS.items() if priority >= known), _WORDS[Priority.IDLE])
