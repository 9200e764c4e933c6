"""How the appliance is doing: one report for the status page, the command line and the console."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.domain import permission
from server.domain.permission import Action
from server.domain.user import User
from server.settings import Settings
from server.storage.space import free_bytes
from server.store import events, tasks, videos
from server.store.database import transaction


class Status:
    """Looks at every part and says what it sees; `worker_counts` asks the queue who listens (None: no answer)."""

    def __init__(self, settings: Settings, worker_counts: Callable[[], dict[str, int] | None]) -> None:
        self._settings = settings
        self._worker_counts = worker_counts

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
        found["workers"] = self._worker_counts()
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
