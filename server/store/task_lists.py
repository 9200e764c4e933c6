"""Tasks as people see them: lists, single ones, and the map of a film's pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.domain.line import Ticket
from server.domain.task import TaskKind, TaskState
from server.domain.task_entry import TaskEntry
from server.domain.video import Reason
from server.store import line
from server.store.database import rows

_ENTRY = """
SELECT page.*, videos.title, users.name AS owner, coalesce(behind.start, videos.duration) AS behind,
       extract(epoch FROM now() - page.created_at)::float AS age_seconds,
       CASE WHEN page.state = 'running' THEN extract(epoch FROM now() - page.started_at)::float END AS running_seconds
FROM page
JOIN videos ON videos.id = page.video_id
JOIN users ON users.id = page.owner_id
LEFT JOIN LATERAL (
    SELECT min(start) AS start FROM tasks
    WHERE video_id = page.video_id AND kind = page.kind AND start > page.start
      AND spec->'renditions' = page.spec->'renditions'
) behind ON true
ORDER BY page.id DESC
"""


def page(
    limit: int,
    *,
    owner_id: str | None = None,
    video_id: str | None = None,
    states: Sequence[str] = (),
    before: int | None = None,
) -> list[TaskEntry]:
    """Return up to `limit` tasks, newest first: of one owner, one film, in some states, older than task `before`."""
    wanted = {
        "owner_id = %s": owner_id,
        "video_id = %s": video_id,
        "state = ANY(%s)": list(states) or None,
        "id < %s": before,
    }
    conditions = {sql: value for sql, value in wanted.items() if value is not None}
    where = " AND ".join(conditions) or "true"
    sql = f"WITH page AS MATERIALIZED (SELECT * FROM tasks WHERE {where} ORDER BY id DESC LIMIT %s) {_ENTRY}"
    return _entries(rows(sql, *conditions.values(), limit))


def get(task_id: int) -> TaskEntry | None:
    """Return one task, or None."""
    found = _entries(rows(f"WITH page AS MATERIALIZED (SELECT * FROM tasks WHERE id = %s) {_ENTRY}", task_id))
    return found[0] if found else None


def pieces(video_id: str) -> list[dict[str, Any]]:
    """Return every piece of a film, a row per rendition, in the order of the playlist and then of the film.

    Each has rendition, kind (of rendition), task, start and end (seconds of the film), state, priority and progress.
    """
    return rows(
        """
        SELECT renditions.name AS rendition, renditions.spec->>'kind' AS kind, tasks.id AS task, tasks.start,
               coalesce(lead(tasks.start) OVER in_film, videos.duration) AS "end",
               tasks.state, tasks.priority, tasks.progress
        FROM tasks
        CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(tasks.spec->'renditions', '[]')) AS made(name)
        JOIN renditions ON renditions.video_id = tasks.video_id AND renditions.name = made.name
        JOIN videos ON videos.id = tasks.video_id
        WHERE tasks.video_id = %s
        WINDOW in_film AS (PARTITION BY renditions.name ORDER BY tasks.start, tasks.id)
        ORDER BY renditions.place, tasks.start, tasks.id
        """,
        video_id,
    )


def _entries(found: list[dict[str, Any]]) -> list[TaskEntry]:
    places = _places([row["id"] for row in found if row["state"] == TaskState.QUEUED])
    return [_entry(row, places.get(row["id"])) for row in found]


def _places(task_ids: Sequence[int]) -> dict[int, int]:
    """Return how many tasks are ahead of each of these waiting ones."""
    if not task_ids:
        return {}
    found = rows(
        """
        SELECT * FROM (
            SELECT id, queue, owner_id, priority,
                   row_number() OVER (PARTITION BY queue, owner_id, priority ORDER BY start, id) - 1 AS before
            FROM tasks WHERE state = 'queued'
        ) ranked WHERE id = ANY(%s)
        """,
        list(task_ids),
    )
    now = line.snapshot()
    return {row.pop("id"): now.ahead(Ticket(**row)) for row in found}


def _entry(row: dict[str, Any], place: int | None) -> TaskEntry:
    renditions = tuple(row["spec"].get("renditions", ()))
    return TaskEntry(
        id=row["id"],
        kind=TaskKind(row["kind"]),
        video_id=row["video_id"],
        title=row["title"],
        owner=row["owner"],
        renditions=renditions,
        start=row["start"],
        end=row["behind"] if renditions else None,
        queue=row["queue"],
        state=TaskState(row["state"]),
        priority=row["priority"],
        essential=row["essential"],
        queue_place=place,
        attempt=row["attempt"],
        worker=row["worker"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        age_seconds=row["age_seconds"],
        running_seconds=row["running_seconds"],
        progress=row["progress"] if row["state"] == TaskState.RUNNING else None,
        error=Reason(row["error_code"], row["error_message"]) if row["error_code"] else None,
    )
