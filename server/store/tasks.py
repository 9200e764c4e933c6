"""Background tasks: claims, leases, fences. Every change of state is one guarded UPDATE; PostgreSQL's clock rules."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from server.domain.task import QUEUE_OF, NewTask, Queue, TaskKind
from server.domain.video import Reason
from server.store.database import changed, rows


def create(video_id: str, tasks: Iterable[NewTask]) -> list[int]:
    """Add tasks in their order; one that exists already (same video, kind and key) stays as it is.

    Returns the ids of the new ones. One statement, however long the film: a plan must not take seconds.
    """
    found = rows(
        """
        INSERT INTO tasks (video_id, owner_id, kind, key, queue, priority, cost, start, essential, spec)
        SELECT %s, (SELECT owner_id FROM videos WHERE id = %s), kind, key, queue, priority, cost, start, essential, spec
        FROM ROWS FROM (jsonb_to_recordset(%s) AS (kind text, key text, queue text, priority int,
            cost double precision, start double precision, essential boolean, spec jsonb)) WITH ORDINALITY
        ORDER BY ordinality
        ON CONFLICT (video_id, kind, key) DO NOTHING RETURNING id
        """,
        video_id,
        video_id,
        json.dumps([{**asdict(task), "queue": QUEUE_OF[task.kind]} for task in tasks]),
    )
    return [row["id"] for row in found]


def extend(task_id: int, fence: int, lease_seconds: int, progress: float | None = None) -> bool:
    """Heartbeat: prolong the lease, and note how far the work is; False if the lease is lost."""
    return (
        changed(
            "UPDATE tasks SET lease_until = now() + make_interval(secs => %s), progress = coalesce(%s, progress) "
            "WHERE id = %s AND fence = %s AND state = 'running'",
            lease_seconds,
            progress,
            task_id,
            fence,
        )
        == 1
    )


def forgive(task_id: int, fence: int) -> None:
    """Take back the attempt of a lease that ran out while its worker lived: what kills nobody is no poison."""
    changed(
        "UPDATE tasks SET attempt = greatest(attempt - 1, 0) "
        "WHERE id = %s AND fence >= %s AND state IN ('queued', 'running')",
        task_id,
        fence,
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


def is_essential(task_id: int) -> bool:
    """Say whether the film fails with this task."""
    return bool(rows("SELECT id FROM tasks WHERE id = %s AND essential", task_id))


def release(task_id: int, fence: int) -> bool:
    """Hand back untouched, as if it had not been claimed: the worker is leaving, the task is not at fault."""
    return _end(task_id, fence, "state = 'queued', attempt = attempt - 1, not_before = now()")


def cancel(task_id: int, reason: Reason) -> bool:
    """Give up a task that waits or runs, because somebody said so; whoever runs it loses its lease."""
    return (
        changed(
            "UPDATE tasks SET state = 'failed', finished_at = now(), error_code = %s, error_message = %s, "
            "lease_owner = NULL, lease_until = NULL WHERE id = %s AND state IN ('queued', 'running')",
            reason.code,
            reason.message,
            task_id,
        )
        == 1
    )


def open_of(video_id: str) -> list[int]:
    """Return the tasks of a video that wait or run."""
    found = rows("SELECT id FROM tasks WHERE video_id = %s AND state IN ('queued', 'running') ORDER BY id", video_id)
    return [row["id"] for row in found]


def renew(video_id: str, task_id: int | None = None) -> list[Queue]:
    """Put the failed tasks of a video (or one of them) back as if they had never been tried; return their queues."""
    found = rows(
        "UPDATE tasks SET state = 'queued', attempt = 0, not_before = now(), finished_at = NULL, error_code = NULL, "
        "error_message = NULL WHERE video_id = %s AND state = 'failed' AND (%s::bigint IS NULL OR id = %s) "
        "RETURNING queue",
        video_id,
        task_id,
        task_id,
    )
    return [Queue(row["queue"]) for row in found]


def release_owner(owner: str, *, blameless: bool) -> list[Queue]:
    """Put back every task that `owner` holds, and return the queue of each.

    The attempt counts if its work-horse died without a word, and does not if it is `blameless`.
    """
    found = rows(
        "UPDATE tasks SET state = 'queued', lease_owner = NULL, lease_until = NULL, not_before = now(), "
        "attempt = attempt - %s WHERE lease_owner = %s AND state = 'running' RETURNING queue",
        int(blameless),
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


def await_segment(video_id: str, rendition: str, segment: int, priority: int) -> tuple[str, Queue] | None:
    """Lift the waiting piece that will hold `segment` to at least `priority`.

    Returns state and queue of that piece's task, or None if no piece of the video holds such a segment.
    """
    found = rows(
        """
        WITH piece AS (
            SELECT id, state, queue FROM tasks
            WHERE video_id = %s AND spec->'renditions' @> to_jsonb(%s::text)
              AND %s BETWEEN (spec->>'first')::int AND (spec->>'first')::int + (spec->>'count')::int - 1
        ), lifted AS (
            UPDATE tasks SET priority = %s, not_before = now() FROM piece
            WHERE tasks.id = piece.id AND tasks.state = 'queued' AND tasks.priority < %s
        )
        SELECT state, queue FROM piece
        """,
        video_id,
        rendition,
        segment,
        priority,
        priority,
    )
    return (str(found[0]["state"]), Queue(found[0]["queue"])) if found else None


def regroup(video_id: str, renditions: Sequence[str], kept: Sequence[str]) -> bool:
    """Have the pieces of `renditions` made for those `kept` only; False if one has been begun, or there are none.

    With nothing kept, they are dropped.
    """
    group, remaining = json.dumps(list(renditions)), json.dumps(list(kept))
    # While the rows are held, no worker can begin one.
    held = rows(
        "SELECT state = 'queued' AND attempt = 0 AS untouched FROM tasks "
        "WHERE video_id = %s AND spec->'renditions' = %s FOR UPDATE",
        video_id,
        group,
    )
    if not held or not all(row["untouched"] for row in held):
        return False
    if not kept:
        return bool(changed("DELETE FROM tasks WHERE video_id = %s AND spec->'renditions' = %s", video_id, group))
    changed(
        "UPDATE tasks SET spec = jsonb_set(spec, '{renditions}', %s) WHERE video_id = %s AND spec->'renditions' = %s",
        remaining,
        video_id,
        group,
    )
    return True


def are_untouched(video_id: str, renditions: Sequence[str]) -> bool:
    """Say whether nobody has begun any piece of these renditions."""
    return not rows(
        "SELECT id FROM tasks WHERE video_id = %s AND spec->'renditions' = %s "
        "AND NOT (state = 'queued' AND attempt = 0) LIMIT 1",
        video_id,
        json.dumps(list(renditions)),
    )


def put_off(video_id: str, renditions: Sequence[str], seconds: float) -> None:
    """Let the waiting pieces of these renditions begin so many seconds from now, unless somebody asks for one."""
    changed(
        "UPDATE tasks SET not_before = now() + make_interval(secs => %s) "
        "WHERE video_id = %s AND spec->'renditions' = %s AND state = 'queued'",
        seconds,
        video_id,
        json.dumps(list(renditions)),
    )


def entrust(task_id: int, spec: dict[str, Any]) -> None:
    """Say that a task makes the pieces that `spec` names."""
    changed("UPDATE tasks SET spec = %s WHERE id = %s", json.dumps(spec), task_id)


def drop_open(video_id: str, kind: TaskKind) -> None:
    """Drop what waits or runs of a kind; whoever runs it loses its lease."""
    changed(
        "DELETE FROM tasks WHERE video_id = %s AND kind = %s AND state IN ('queued', 'running')", video_id, kind.value
    )


def remain(video_id: str, renditions: Sequence[str]) -> bool:
    """Say whether a piece of these renditions is not done yet, or never will be."""
    return bool(
        rows(
            "SELECT id FROM tasks WHERE video_id = %s AND spec->'renditions' = %s AND state <> 'done' LIMIT 1",
            video_id,
            json.dumps(list(renditions)),
        )
    )


def drop_from(video_id: str, renditions: Sequence[str], first: int, but: int) -> int:
    """Drop the pieces of `renditions` from segment `first` on, except task `but`; whoever runs one loses its lease."""
    return changed(
        "DELETE FROM tasks WHERE video_id = %s AND spec->'renditions' = %s AND (spec->>'first')::int >= %s "
        "AND id <> %s",
        video_id,
        json.dumps(list(renditions)),
        first,
        but,
    )


def hasten(code: str) -> int:
    """Let tasks that wait because of an error of this code (or a narrower one) start now; return how many."""
    return changed(
        "UPDATE tasks SET not_before = now() "
        "WHERE state = 'queued' AND not_before > now() AND split_part(error_code, '.', 1) = %s",
        code,
    )


def of_group(video_id: str, renditions: Sequence[str]) -> list[int]:
    """Return the ids of all pieces of the `renditions` that are made together."""
    found = rows(
        "SELECT id FROM tasks WHERE video_id = %s AND spec->'renditions' = %s", video_id, json.dumps(list(renditions))
    )
    return [row["id"] for row in found]


def again(ids: Sequence[int], priority: int = 0) -> list[Queue]:
    """Put finished tasks back as if they had never been tried, at least as urgent as said; return their queues."""
    found = rows(
        "UPDATE tasks SET state = 'queued', attempt = 0, not_before = now(), finished_at = NULL, error_code = NULL, "
        "error_message = NULL, priority = greatest(priority, %s) "
        "WHERE id = ANY(%s) AND state IN ('done', 'failed') RETURNING queue",
        priority,
        list(ids),
    )
    return [Queue(row["queue"]) for row in found]


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
