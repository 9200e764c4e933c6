"""Who gets which task next: one statement, under the lock of the one row that it takes."""

from __future__ import annotations

from collections.abc import Collection

from server.domain.task import Queue, Task, TaskKind
from server.store.database import rows

_CLAIMED = ", ".join(
    f"tasks.{name}" for name in ("id", "kind", "video_id", "key", "attempt", "fence", "spec", "lease_until")
)

# How many tasks of a person's line a claim looks at: more than workers ever claim at the same instant.
_HEADS = 32


def claim(
    queue: Queue, owner: str, lease_seconds: int, kinds: Collection[TaskKind] | None = None, least: int = 0
) -> Task | None:
    """Take the most urgent waiting task of `queue` under a lease, raising its fence; None if nothing waits for `owner`.

    Tasks of other kinds than `kinds`, and of a lower priority than `least`, are left to others.

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
                AND priority >= %s AND (%s::text[] IS NULL OR kind = ANY (%s::text[]))
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
        least,
        allowed,
        allowed,
        owner,
        owner,
        lease_seconds,
        owner,
    )
    return Task(**{**found[0], "kind": TaskKind(found[0]["kind"])}) if found else None
