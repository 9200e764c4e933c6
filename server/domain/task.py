"""Background work: tasks with leases and fences, their order, and what a failure means."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any


class Queue(StrEnum):
    """The kinds of worker; a worker process serves exactly one queue."""

    LIGHT = "light"  # a moment: plans and copies; somebody may be waiting in front of a screen
    HEAVY = "heavy"  # encoding; one process per core
    URGENT = "urgent"  # no queue of its own: whatever of heavy somebody waits for, beside what is being encoded


class TaskKind(StrEnum):
    """What a task does; each has one module in `workers/jobs`."""

    PLAN = "plan"
    POSTER = "poster"
    CAPTIONS = "captions"
    STORYBOARD = "storyboard"
    IFRAMES = "iframes"
    LOUDNESS = "loudness"
    ANALYSIS = "analysis"
    REMUX = "remux"
    COPY_PIECE = "copy-piece"
    VIDEO_PIECE = "video-piece"
    AUDIO_PIECE = "audio-piece"


QUEUE_OF: dict[TaskKind, Queue] = {
    TaskKind.PLAN: Queue.LIGHT,
    TaskKind.ANALYSIS: Queue.HEAVY,
    TaskKind.REMUX: Queue.HEAVY,
    TaskKind.COPY_PIECE: Queue.LIGHT,
    TaskKind.POSTER: Queue.HEAVY,
    TaskKind.CAPTIONS: Queue.HEAVY,
    TaskKind.STORYBOARD: Queue.HEAVY,
    TaskKind.IFRAMES: Queue.HEAVY,
    TaskKind.LOUDNESS: Queue.HEAVY,
    TaskKind.VIDEO_PIECE: Queue.HEAVY,
    TaskKind.AUDIO_PIECE: Queue.HEAVY,
}


class TaskState(StrEnum):
    """Where a task stands. `queued` waits (perhaps until `not_before`); `running` holds a lease."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Priority(IntEnum):
    """Order of work: higher first, then first come first served."""

    AWAITED = 1000  # a viewer's player is waiting for this very piece
    FIRST = 800  # makes the video playable
    POSTER = 700  # what the library shows
    LOWEST = 600  # the whole timeline at the lowest rung
    CAPTIONS = 500  # cheap, and missed as soon as somebody watches
    REMUX = 450  # may make the most expensive rung needless
    TRIAL = 420  # may make others needless
    REST = 400  # every other rung
    EXTRA = 300  # what makes watching nicer
    IDLE = 100  # only when nothing else is to do


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be created; `(video, kind, key)` is unique, so creating it twice makes one."""

    kind: TaskKind
    key: str
    priority: int
    cost: float = 1.0  # expected work, in any unit that compares tasks
    start: float = 0.0  # the second of the film where its result begins
    essential: bool = True  # the film is not ready without it, and fails with it
    spec: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed task. Whoever holds the highest `fence` owns it; every write names the fence."""

    id: int
    kind: TaskKind
    video_id: str
    key: str
    attempt: int
    fence: int
    spec: dict[str, Any]
    lease_until: datetime


def retry_delay(attempt: int) -> float:
    """Return the seconds to wait before attempt number `attempt` + 1: 2, 8, 32 … at most 300."""
    return float(min(2 * 4 ** max(attempt - 1, 0), 300))
