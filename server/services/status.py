"""How the appliance is doing: one report for the status page, the command line and the console."""

from __future__ import annotations

from typing import Any

from redis import Redis

from server.domain import permission
from server.domain.permission import Action
from server.domain.user import User
from server.queue.workers import worker_counts
from server.settings import Settings
from server.storage.space import free_bytes
from server.store import events, tasks, videos
from server.store.database import transaction


class Status:
    """Looks at every part and says what it sees."""

    def __init__(self, settings: Settings, redis: Redis) -> None:
        self._settings = settings
        self._redis = redis

    def report(self, user: User) -> dict[str, Any]:
        """Return videos by state, tasks by queue and state, workers by queue, the event backlog and the free space.

        `healthy` is false as soon as one entry of `trouble` says why. Raises Forbidden.
        """
        permission.require(user.role, Action.SEE_STATUS)
        with transaction():
            found: dict[str, Any] = {
                "videos": videos.counts(),
                "tasks": tasks.counts(),
                "events": events.backlog(),
            }
        found["workers"] = worker_counts(self._redis)
        found["space"] = {
            "free_bytes": free_bytes(self._settings.paths.media),
            "reserve_bytes": self._settings.uploads.reserve_bytes,
        }
        found["trouble"] = list(_trouble(found))
        found["healthy"] = not found["trouble"]
        return found


STALE_EVENT_SECONDS = 60


def _trouble(found: dict[str, Any]) -> list[str]:
    trouble = []
    if found["workers"] is None:
        trouble.append("Redis does not answer: nobody can sign in, and workers wake only when the sweeper asks.")
    else:
        trouble.extend(
            f"No worker serves the queue {queue!r}: its tasks wait."
            for queue, count in found["workers"].items()
            if not count
        )
    if found["events"]["oldest_seconds"] > STALE_EVENT_SECONDS:
        trouble.append("Events have been waiting for a minute: the relay or RabbitMQ is not running.")
    if found["space"]["free_bytes"] < found["space"]["reserve_bytes"]:
        trouble.append("The media volume is full up to its reserve: uploads are refused until something is removed.")
    return trouble
