"""A worker: one process that serves one queue, on this machine or another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

# A worker says that it is there this often; after three silent beats it counts as lost.
BEAT_SECONDS = 15
LOST_SECONDS = 3 * BEAT_SECONDS


class WorkerState(StrEnum):
    """What a worker has been told to do."""

    ACTIVE = "active"
    PAUSED = "paused"  # finishes its task and takes no other one
    DRAINING = "draining"  # finishes its task and leaves


@dataclass(frozen=True, slots=True)
class Identity:
    """What a worker says of itself; its name is also the owner of its leases."""

    name: str
    host: str
    queue: str
    pid: int
    version: str


@dataclass(frozen=True, slots=True)
class Worker:
    """A registered worker as people see it. `speed` is cost per second over its last hour, None without any work."""

    identity: Identity
    state: WorkerState
    lost: bool
    started_at: datetime
    seen_seconds: float
    task_id: int | None
    video_id: str | None
    speed: float | None

    def as_dict(self) -> dict[str, object]:
        """Return the JSON form; `state` is `lost` for a worker that has not been heard of for three beats."""
        return {
            "name": self.identity.name,
            "host": self.identity.host,
            "queue": self.identity.queue,
            "pid": self.identity.pid,
            "version": self.identity.version,
            "state": "lost" if self.lost else self.state.value,
            "started_at": self.started_at.isoformat(),
            "seen_seconds": self.seen_seconds,
            "task": self.task_id,
            "video": self.video_id,
            "speed": self.speed,
        }
