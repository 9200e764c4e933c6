"""The register of workers. A row says that a process serves a queue; what it does is told by the tasks."""

from __future__ import annotations

from typing import Any

from server.domain.worker import LOST_SECONDS, Identity, Worker, WorkerState
from server.store.database import changed, rows

_SELECT = """
SELECT workers.*, seen_at < now() - make_interval(secs => %s) AS lost,
       extract(epoch FROM now() - seen_at)::float AS seen_seconds, held.id AS task_id, held.video_id, recent.speed
FROM workers
LEFT JOIN LATERAL (
    SELECT id, video_id FROM tasks WHERE state = 'running' AND lease_owner = workers.name ORDER BY id LIMIT 1
) held ON true
LEFT JOIN (
    SELECT worker, sum(cost) / nullif(sum(extract(epoch FROM finished_at - started_at)), 0)::float AS speed
    FROM tasks WHERE state = 'done' AND finished_at > now() - interval '1 hour' AND queue IN ('light', 'heavy')
    GROUP BY worker
) recent ON recent.worker = workers.name
ORDER BY workers.host, workers.queue, workers.name
"""


def beat(identity: Identity) -> WorkerState:
    """Note that a worker lives, registering it where it is new; return what it has been told to do."""
    found = rows(
        "INSERT INTO workers (name, host, queue, pid, version) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (name) DO UPDATE SET seen_at = now() RETURNING state",
        identity.name,
        identity.host,
        identity.queue,
        identity.pid,
        identity.version,
    )
    return WorkerState(found[0]["state"])


def leave(name: str) -> None:
    """Strike a worker off: it has left."""
    changed("DELETE FROM workers WHERE name = %s", name)


def listed() -> list[Worker]:
    """Return every registered worker, by host, queue and name."""
    return [_worker(row) for row in rows(_SELECT, LOST_SECONDS)]


def direct(state: WorkerState, *, name: str | None = None, host: str | None = None) -> list[str]:
    """Tell the worker called `name`, those on `host`, or all what to do; return the names of those told."""
    found = rows(
        "UPDATE workers SET state = %s WHERE (%s::text IS NULL OR name = %s) AND (%s::text IS NULL OR host = %s) "
        "AND seen_at > now() - make_interval(secs => %s) RETURNING name",
        state,
        name,
        name,
        host,
        host,
        LOST_SECONDS,
    )
    return sorted(row["name"] for row in found)


def held_back(name: str) -> bool:
    """Say whether a worker has been told to take no task."""
    return bool(rows("SELECT name FROM workers WHERE name = %s AND state <> 'active'", name))


def forget_lost(seconds: float) -> int:
    """Strike off the workers that have been silent for so long; return how many."""
    return changed("DELETE FROM workers WHERE seen_at < now() - make_interval(secs => %s)", seconds)


def _worker(row: dict[str, Any]) -> Worker:
    return Worker(
        identity=Identity(row["name"], row["host"], row["queue"], row["pid"], row["version"]),
        state=WorkerState(row["state"]),
        lost=row["lost"],
        started_at=row["started_at"],
        seen_seconds=row["seen_seconds"],
        task_id=row["task_id"],
        video_id=row["video_id"],
        speed=row["speed"],
    )
