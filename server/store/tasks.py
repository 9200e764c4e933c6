"""Background tasks: claims, leases, fences. Every change of state is one guarded UPDATE; PostgreSQL's clock rules."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from server.domain.task import QUEUE_OF, NewTask, Queue, Task, TaskKind
from server.domain.video import Reason
from server.store.database import changed, rows

_CLAIMED = ", ".join(
    f"tasks.{name}" for name in ("id", "kind", "video_id", "key", "attempt", "fence", "spec", "lease_until")
)

# How many tasks of a person's line a claim looks at: more than workers ever claim at the same instant.
_HEADS = 32


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


def claim(queue: Queue, owner: str, lease_seconds: int, kinds: Collection[TaskKind] | None = None) -> Task | None:
    """Take the most urgent waiting task of `queue` under a lease, raising its fence; None if nothing waits for `owner`.

    With `kinds`, tasks of other kinds are left to others.

    Urgency comes first. Between tasks of the same urgency it is people who take turns, not films: whoever has fewer
    tasks running on the queue comes first, then whoever was served longest ago. A person's own tasks are done in the
    order of the film. A worker that is paused or leaving gets nothing.

    Each person is asked for a few heads of their line, by the index, so the cost grows with the people and not with
    their tasks. A head that another worker takes at this moment is passed over.
    """
    allowed = None if kinds is None else list(kinds)
    found = rows(
        f"""
        WITH person AS MATERIALIZED (
            SELECT users.id,
                   (SELECT count(*) FROM tasks WHERE queue = %s AND owner_id = users.id AND state = 'running')
                   AS running,
                   (SELECT max(started_at) FROM tasks WHERE queue = %s AND owner_id = users.id) AS served
            FROM users
        ), head AS MATERIALIZED (
            SELECT waiting.id, row_number() OVER (ORDER BY waiting.priority DESC, person.running,
                   person.served NULLS FIRST, waiting.start, waiting.id) AS place
            FROM person CROSS JOIN LATERAL (
                SELECT id, priority, start FROM tasks
                WHERE queue = %s AND owner_id = person.id AND state = 'queued' AND not_before <= now()
                AND (%s::text[] IS NULL OR kind = ANY (%s::text[]))
                ORDER BY priority DESC, start, id LIMIT {_HEADS}
            ) waiting
            WHERE NOT EXISTS (SELECT FROM workers WHERE name = %s AND state <> 'active')
            ORDER BY place LIMIT {_HEADS}
        ), chosen AS (
            SELECT tasks.id FROM tasks JOIN head ON head.id = tasks.id
            WHERE tasks.state = 'queued'
            ORDER BY head.place LIMIT 1 FOR UPDATE OF tasks SKIP LOCKED
        )
        UPDATE tasks SET state = 'running', attempt = attempt + 1, fence = fence + 1, lease_owner = %s,
                         lease_until = now() + make_interval(secs => %s), started_at = now(),
                         worker = %s, progress = NULL
        FROM chosen WHERE tasks.id = chosen.id
        RETURNING {_CLAIMED}
        """,
        queue,
        queue,
        queue,
        allowed,
        allowed,
        owner,
        owner,
        lease_seconds,
        owner,
    )
    return Task(**{**found[0], "kind": TaskKind(found[0]["kind"])}) if found else None


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
