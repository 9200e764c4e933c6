"""Videos, their renditions and their progress, which is always derived from the tasks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from server.domain.captions import left_out
from server.domain.extras import VideoExtras
from server.domain.line import Line, Ticket
from server.domain.source import TextTrack
from server.domain.video import Progress, Reason, RenditionProgress, Video, VideoState
from server.store import extras, line
from server.store.database import changed, rows
from server.store.progress import of_renditions

# A video is playable once it has a multivariant playlist, that is, once a rendition of its pictures knows its codecs.
_SELECT = """
SELECT videos.*, users.name AS owner, work.done, work.total,
       EXISTS (SELECT FROM renditions WHERE video_id = videos.id AND codecs IS NOT NULL
               AND (spec->>'kind' = 'video' OR videos.width IS NULL)) AS playable
FROM videos
JOIN users ON users.id = videos.owner_id
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'done') AS done, count(*) AS total
    FROM tasks WHERE tasks.video_id = videos.id AND essential
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
    return _videos(found)[0] if found else None


def newest(limit: int, before: tuple[datetime, str] | None = None) -> list[Video]:
    """Return up to `limit` videos, newest first, older than the `before` pair (created_at, id) where given."""
    if before is None:
        return _videos(rows(_SELECT + "ORDER BY videos.created_at DESC, videos.id DESC LIMIT %s", limit))
    sql = (
        _SELECT
        + "WHERE (videos.created_at, videos.id) < (%s, %s) ORDER BY videos.created_at DESC, videos.id DESC LIMIT %s"
    )
    return _videos(rows(sql, *before, limit))


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
            "(SELECT 1 FROM tasks WHERE video_id = videos.id AND essential AND state <> 'done')",
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
    if won:
        changed("DELETE FROM tasks WHERE video_id = %s AND state IN ('queued', 'running')", video_id)
    return won == 1


def restart(video_id: str) -> bool:
    """Move a video from failed back to checking, without its renditions and tasks; False if it had not failed."""
    won = changed(
        "UPDATE videos SET state = 'checking', error_code = NULL, error_message = NULL, planned_at = NULL "
        "WHERE id = %s AND state = 'failed'",
        video_id,
    )
    if won:
        changed("DELETE FROM tasks WHERE video_id = %s", video_id)
        changed("DELETE FROM renditions WHERE video_id = %s", video_id)
    return won == 1


def flag(video_id: str, reason: Reason) -> bool:
    """Say what is wrong with a video that goes on as it is; False if that was said before, or there is none."""
    return (
        changed(
            "UPDATE videos SET error_code = %s, error_message = %s "
            "WHERE id = %s AND state <> 'failed' AND error_code IS DISTINCT FROM %s",
            reason.code,
            reason.message,
            video_id,
            reason.code,
        )
        == 1
    )


def is_flagged(video_id: str, code: str) -> bool:
    """Say whether a `flag` with this code stands."""
    return bool(rows("SELECT FROM videos WHERE id = %s AND error_code = %s", video_id, code))


def unflag(video_id: str, code: str) -> bool:
    """Take back a `flag` with this code; False if there was none."""
    return (
        changed(
            "UPDATE videos SET error_code = NULL, error_message = NULL "
            "WHERE id = %s AND state <> 'failed' AND error_code = %s",
            video_id,
            code,
        )
        == 1
    )


def lose(video_id: str, reason: Reason) -> bool:
    """Move a video to failed whatever it was, since its files are gone; False if it had failed, or there is none."""
    won = changed(
        "UPDATE videos SET state = 'failed', has_poster = false, error_code = %s, error_message = %s "
        "WHERE id = %s AND state <> 'failed'",
        reason.code,
        reason.message,
        video_id,
    )
    if won:
        changed("DELETE FROM tasks WHERE video_id = %s AND state IN ('queued', 'running')", video_id)
    return won == 1


def note_analysis(video_id: str, found: dict[str, Any]) -> None:
    """Record what the trial pieces told."""
    changed("UPDATE videos SET analysis = %s WHERE id = %s", json.dumps(found), video_id)


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


def state(video_id: str) -> VideoState | None:
    """Return where the video stands; None if there is none."""
    found = rows("SELECT state FROM videos WHERE id = %s", video_id)
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


def _videos(found: list[dict[str, Any]]) -> list[Video]:
    """Complete rows with what other tables say: six statements, however many videos there are."""
    unfinished = [row["id"] for row in found if row["state"] == VideoState.PREPARING]
    now, tickets = (line.snapshot(), line.tickets(unfinished)) if unfinished else (Line((), None), {})
    made = of_renditions([row["id"] for row in found])
    beside = extras.of_videos([row["id"] for row in found])
    return [_video(row, made.get(row["id"], ()), now, tickets.get(row["id"]), beside[row["id"]]) for row in found]


def _video(
    row: dict[str, Any],
    made: tuple[RenditionProgress, ...],
    now: Line,
    ticket: Ticket | None,
    beside: VideoExtras,
) -> Video:
    source = row["source"] or {}
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
        progress=_progress(row, now, ticket),
        renditions=made,
        error=Reason(row["error_code"], row["error_message"]) if row["error_code"] else None,
        extras=beside,
        has_chapters=bool(source.get("chapters")) and row["state"] != VideoState.FAILED,
        captions_left_out=left_out([TextTrack(**text) for text in source.get("texts", ())]),
        analysis=row["analysis"],
    )


def _progress(row: dict[str, Any], now: Line, ticket: Ticket | None) -> Progress:
    if row["state"] != VideoState.PREPARING:
        return Progress(row["done"], row["total"], None, None)
    place = 0 if now.working_on(row["id"]) else now.ahead(ticket) if ticket else None
    return Progress(row["done"], row["total"], now.seconds(row["owner_id"], row["id"]), place)
