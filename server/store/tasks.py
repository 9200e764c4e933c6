"""Background tasks: claims, leases, fences. Every change of state is one guarded UPDATE; PostgreSQL's clock rules."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from server.domain.task import QUEUE_OF, NewTask, Queue, Task, TaskKind
from server.store.database import changed, rows

_CLAIMED = "id, kind, video_id, key, attempt, fence, spec, lease_until"


def create(video_id: str, tasks: Iterable[NewTask]) -> list[int]:
    """Add tasks; one that exists already (same video, kind and key) stays as it is. Returns the ids of the new ones."""
    made: list[int] = []
    for task in tasks:
        found = rows(
            "INSERT INTO tasks (video_id, kind, key, queue, priority, cost, spec) VALUES (%s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (video_id, kind, key) DO NOTHING RETURNING id",
            video_id,
            task.kind,
            task.key,
            QUEUE_OF[task.kind],
            int(task.priority),
            task.cost,
            json.dumps(task.spec),
        )
        made.extend(row["id"] for row in found)
    return made


def claim(queue: Queue, owner: str, lease_seconds: int) -> Task | None:
    """Take the most urgent waiting task of `queue` under a lease, raising its fence; None if nothing waits."""
    found = rows(
        f"""
        UPDATE tasks SET state = 'running', attempt = attempt + 1, fence = fence + 1, lease_owner = %s,
                         lease_until = now() + make_interval(secs => %s), started_at = now()
        WHERE id = (SELECT id FROM tasks WHERE queue = %s AND state = 'queued' AND not_before <= now()
                    ORDER BY priority DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING {_CLAIMED}
        """,
        owner,
        lease_seconds,
        queue,
    )
    return Task(**{**found[0], "kind": TaskKind(found[0]["kind"])}) if found else None


def extend(task_id: int, fence: int, lease_seconds: int) -> bool:
    """Heartbeat: prolong the lease; False if it is lost (another owner, or the video was removed)."""
    return (
        changed(
            "UPDATE tasks SET lease_until = now() + make_interval(secs => %s) "
            "WHERE id = %s AND fence = %s AND state = 'running'",
            lease_seconds,
            task_id,
            fence,
        )
        == 1
    )


def hold(task_id: int, fence: int) -> bool:
    """Lock the row for the rest of the transaction if `fence` still owns it: while it is held nobody can take over."""
    return bool(
        rows(
            "SELECT id FROM tasks WHERE id = %s AND fence = %s AND state = 'running' FOR UPDATE",
            task_id,
            fence,
        )
    )


def finish(task_id: int, fence: int) -> bool:
    """Mark done; False if the lease is lost."""
    return _end(task_id, fence, "state = 'done', finished_at = now(), error_code = NULL, error_message = NULL")


def retry(task_id: int, fence: int, code: str, message: str, delay_seconds: float) -> bool:
    """Put back after a failure that may pass; False if the lease is lost."""
    return _end(
        task_id,
        fence,
        "state = 'queued', error_code = %s, error_message = %s, not_before = now() + make_interval(secs => %s)",
        code,
        message,
        delay_seconds,
    )


def postpone(task_id: int, fence: int, code: str, message: str, delay_seconds: float) -> bool:
    """Put back for later without counting the attempt, with the reason; False if the lease is lost."""
    return _end(
        task_id,
        fence,
        "state = 'queued', attempt = attempt - 1, error_code = %s, error_message = %s, "
        "not_before = now() + make_interval(secs => %s)",
        code,
        message,
        delay_seconds,
    )


def fail(task_id: int, fence: int, code: str, message: str) -> bool:
    """Give up; False if the lease is lost."""
    return _end(
        task_id,
        fence,
        "state = 'failed', finished_at = now(), error_code = %s, error_message = %s",
        code,
        message,
    )


def release(task_id: int, fence: int) -> bool:
    """Hand back untouched, as if it had not been claimed: the worker is leaving, the task is not at fault."""
    return _end(task_id, fence, "state = 'queued', attempt = attempt - 1, not_before = now()")


def release_owner(owner: str) -> list[Queue]:
    """Put back every task that `owner` holds, and return the queue of each; its work-horse died without a word."""
    found = rows(
        "UPDATE tasks SET state = 'queued', lease_owner = NULL, lease_until = NULL, not_before = now() "
        "WHERE lease_owner = %s AND state = 'running' RETURNING queue",
        owner,
    )
    return [Queue(row["queue"]) for row in found]


def expire() -> int:
    """Put back every running task whose lease has run out, each a little later per attempt; return how many.

    One whose row is held right now is being settled: it is left to the next sweep, so this waits for nobody.
    """
    return changed(
        "UPDATE tasks SET state = 'queued', lease_owner = NULL, lease_until = NULL, "
        "not_before = now() + make_interval(secs => least(2 * 4 ^ greatest(attempt - 1, 0), 300)) "
        "WHERE id IN (SELECT id FROM tasks WHERE state = 'running' AND lease_until < now() FOR UPDATE SKIP LOCKED)"
    )


def waiting() -> dict[Queue, int]:
    """Return how many tasks of each queue may start now."""
    found = rows(
        "SELECT queue, count(*)::int AS count FROM tasks WHERE state = 'queued' AND not_before <= now() GROUP BY queue"
    )
    return {Queue(row["queue"]): row["count"] for row in found}


def await_segment(video_id: str, rendition: str, segment: int, priority: int) -> str | None:
    """Lift the waiting piece that will hold `segment` to at least `priority`.

    Returns the state of that piece's task, or None if no piece of the video holds such a segment.
    """
    found = rows(
        """
        WITH piece AS (
            SELECT id, state FROM tasks
            WHERE video_id = %s AND spec->>'rendition' = %s
              AND %s BETWEEN (spec->>'first')::int AND (spec->>'first')::int + (spec->>'count')::int - 1
        ), lifted AS (
            UPDATE tasks SET priority = %s, not_before = now() FROM piece
            WHERE tasks.id = piece.id AND tasks.state = 'queued' AND tasks.priority < %s
        )
        SELECT state FROM piece
        """,
        video_id,
        rendition,
        segment,
        priority,
        priority,
    )
    return str(found[0]["state"]) if found else None


def drop_from(video_id: str, rendition: str, first: int, but: int) -> int:
    """Drop the tasks of a rendition from segment `first` on, except task `but`; whoever runs one loses its lease."""
    return changed(
        "DELETE FROM tasks WHERE video_id = %s AND spec->>'rendition' = %s AND (spec->>'first')::int >= %s "
        "AND id <> %s",
        video_id,
        rendition,
        first,
        but,
    )


def counts() -> list[dict[str, Any]]:
    """Return queue, state and count of the tasks that wait or run."""
    return rows(
        "SELECT queue, state, count(*)::int AS count FROM tasks WHERE state IN ('queued', 'running') "
        "GROUP BY queue, state ORDER BY queue, state"
    )


def _end(task_id: int, fence: int, assignments: str, *parameters: object) -> bool:
    return (
        changed(
            f"UPDATE tasks SET {assignments}, lease_owner = NULL, lease_until = NULL "
            "WHERE id = %s AND fence = %s AND state = 'running'",
            *parameters,
            task_id,
            fence,
        )
        == 1
    )
