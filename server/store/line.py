"""A snapshot of the open tasks, from which places in the line and remaining times follow."""

from __future__ import annotations

from collections.abc import Sequence

from server.domain.line import Holding, Line, Ticket
from server.domain.task import Queue
from server.domain.worker import LOST_SECONDS
from server.store.database import rows

# The speed is that of so many tasks that ended last; before there are a few, it would be a guess.
SAMPLE = 50
ENOUGH = 3


def snapshot() -> Line:
    """Return the line as it stands. The speed is that of the encoders that are at work now."""
    holdings = rows(
        """
        SELECT queue, owner_id, video_id, priority,
               count(*) FILTER (WHERE state = 'queued') AS queued,
               count(*) FILTER (WHERE state = 'running') AS running,
               coalesce(sum(cost * (1 - coalesce(progress, 0))) FILTER (WHERE essential), 0) AS cost
        FROM tasks WHERE state IN ('queued', 'running')
        GROUP BY queue, owner_id, video_id, priority
        """
    )
    return Line([Holding(**row) for row in holdings], _speed())


def tickets(video_ids: Sequence[str]) -> dict[str, Ticket]:
    """Return the place of the first waiting encoding task of each film that has one."""
    found = rows(
        """
        SELECT first.video_id, first.queue, first.owner_id, first.priority,
               (SELECT count(*) FROM tasks
                WHERE queue = first.queue AND state = 'queued' AND owner_id = first.owner_id
                AND priority = first.priority AND (start, id) < (first.start, first.id)) AS before
        FROM unnest(%s) AS film(id)
        CROSS JOIN LATERAL (
            SELECT video_id, queue, owner_id, priority, start, id FROM tasks
            WHERE video_id = film.id AND queue = %s AND state = 'queued'
            ORDER BY priority DESC, start, id LIMIT 1
        ) first
        """,
        list(video_ids),
        Queue.HEAVY,
    )
    return {row.pop("video_id"): Ticket(**row) for row in found}


def _speed() -> float | None:
    found = rows(
        """
        SELECT done.speed * (SELECT count(*) FROM workers WHERE queue = %s AND state = 'active'
                             AND seen_at > now() - make_interval(secs => %s)) AS speed
        FROM (SELECT sum(cost) / nullif(sum(extract(epoch FROM finished_at - started_at)), 0)::float AS speed
              FROM (SELECT cost, started_at, finished_at FROM tasks
                    WHERE queue = %s AND state = 'done' AND cost > 0 AND essential
                    ORDER BY finished_at DESC LIMIT %s) last
              HAVING count(*) >= %s) done
        """,
        Queue.HEAVY,
        LOST_SECONDS,
        Queue.HEAVY,
        SAMPLE,
        ENOUGH,
    )
    return found[0]["speed"] if found else None
