"""Videos, their renditions and their progress, which is always derived from the tasks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from server.domain.video import Progress, Reason, Video, VideoState
from server.store.database import changed, rows

# Progress and ETA come from the tasks themselves: costs finished against the time since the plan was made. Before a
# tenth of the work is done an ETA would be a guess, so there is none. A video is
# playable once it has a multivariant playlist, that is, once a rendition of its pictures knows its codecs.
_SELECT = """
SELECT videos.*, users.name AS owner, work.done, work.total, work.eta_seconds,
       EXISTS (SELECT FROM renditions WHERE video_id = videos.id AND codecs IS NOT NULL
               AND (spec->>'kind' = 'video' OR videos.width IS NULL)) AS playable
FROM videos
JOIN users ON users.id = videos.owner_id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'done') AS done,
           count(*) AS total,
           CASE WHEN sum(cost) FILTER (WHERE state = 'done') >= 0.1 * sum(cost) THEN
               extract(epoch FROM now() - videos.planned_at)::float
               * sum(cost) FILTER (WHERE state <> 'done' AND videos.state = 'preparing')
               / nullif(sum(cost) FILTER (WHERE state = 'done'), 0)
           END AS eta_seconds
    FROM tasks WHERE tasks.video_id = videos.id AND kind IN ('video-piece', 'audio-piece')
) work
"""


def create(video_id: str, owner_id: str, title: str, filename: str, size: int) -> None:
    """Add a video whose bytes have just arrived."""
    changed(
        "INSERT INTO videos (id, owner_id, title, filename, size, state) VALUES (%s, %s, %s, %s, %s, 'checking')",
        video_id,
        owner_id,
        title,
        filename,
        size,
    )


def get(video_id: str) -> Video | None:
    """Return the video, or None."""
    found = rows(_SELECT + "WHERE videos.id = %s", video_id)
    return _video(found[0]) if found else None


def newest(limit: int, before: tuple[datetime, str] | None = None) -> list[Video]:
    """Return up to `limit` videos, newest first, older than the `before` pair (created_at, id) where given."""
    if before is None:
        return [
            _video(row) for row in rows(_SELECT + "ORDER BY videos.created_at DESC, videos.id DESC LIMIT %s", limit)
        ]
    sql = (
        _SELECT
        + "WHERE (videos.created_at, videos.id) < (%s, %s) ORDER BY videos.created_at DESC, videos.id DESC LIMIT %s"
    )
    return [_video(row) for row in rows(sql, *before, limit)]


def plan(video_id: str, source: dict[str, Any], duration: float, size: tuple[int, int] | None) -> bool:
    """Move a video from checking to preparing with the facts of its source; False if it was not checking."""
    width, height = size or (None, None)
    return (
        changed(
            "UPDATE videos SET state = 'preparing', planned_at = now(), "
            "source = %s, duration = %s, width = %s, height = %s WHERE id = %s AND state = 'checking'",
            json.dumps(source),
            duration,
            width,
            height,
            video_id,
        )
        == 1
    )


def finish(video_id: str) -> bool:
    """Move a video from preparing to ready if every piece of it is done; False otherwise."""
    return (
        changed(
            "UPDATE videos SET state = 'ready', ready_at = now() WHERE id = %s AND state = 'preparing' AND NOT EXISTS "
            "(SELECT 1 FROM tasks WHERE video_id = videos.id AND state <> 'done' "
            "AND kind IN ('video-piece', 'audio-piece'))",
            video_id,
        )
        == 1
    )


def fail(video_id: str, reason: Reason) -> bool:
    """Move a video that is not ready to failed; False if it was ready or failed.

    Its unfinished tasks are taken away: whoever runs one loses its lease.
    """
    won = changed(
        "UPDATE videos SET state = 'failed', has_poster = false, error_code = %s, error_message = %s "
        "WHERE id = %s AND state IN ('checking', 'preparing')",
        reason.code,
        reason.message,
        video_id,
    )
    changed("DELETE FROM tasks WHERE video_id = %s AND state IN ('queued', 'running')", video_id)
    return won == 1


def note_poster(video_id: str) -> None:
    """Record that the poster exists."""
    changed("UPDATE videos SET has_poster = true WHERE id = %s", video_id)


def remove(video_id: str) -> bool:
    """Drop the video with its renditions and tasks; False if there was none. Its files are the caller's next step."""
    return changed("DELETE FROM videos WHERE id = %s", video_id) == 1


def lock(video_id: str) -> VideoState | None:
    """Hold the row until this transaction ends, so that one writer at a time changes its playlists; None if gone."""
    found = rows("SELECT state FROM videos WHERE id = %s FOR UPDATE", video_id)
    return VideoState(found[0]["state"]) if found else None


def source(video_id: str) -> dict[str, Any] | None:
    """Return the probed facts of the original, or None before they are known."""
    found = rows("SELECT source FROM videos WHERE id = %s", video_id)
    return found[0]["source"] if found else None


def counts() -> dict[str, int]:
    """Return how many videos there are in each state."""
    found = {
        row["state"]: int(row["count"]) for row in rows("SELECT state, count(*) AS count FROM videos GROUP BY state")
    }
    return {state.value: found.get(state.value, 0) for state in VideoState}


def known(ids: Sequence[str]) -> set[str]:
    """Return those of `ids` that are videos."""
    return {row["id"] for row in rows("SELECT id FROM videos WHERE id = ANY(%s)", list(ids))}


def _video(row: dict[str, Any]) -> Video:
    return Video(
        id=row["id"],
        title=row["title"],
        state=VideoState(row["state"]),
        playable=row["playable"] and row["state"] != VideoState.FAILED,
        owner_id=row["owner_id"],
        owner=row["owner"],
        size=row["size"],
        duration=row["duration"],
        width=row["width"],
        height=row["height"],
        has_poster=row["has_poster"],
        created_at=row["created_at"],
        ready_at=row["ready_at"],
        progress=Progress(row["done"], row["total"], row["eta_seconds"]),
        error=Reason(row["error_code"], row["error_message"]) if row["error_code"] else None,
    )
