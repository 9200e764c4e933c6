"""Runs of the scrub: asked for by people or by the calendar, each with what it found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.store.database import changed, rows

CHANNEL = "scrubs"  # NOTIFY wakes the scrubber; polling is its safety net

_REPORTED = (
    "id, video_id, (SELECT name FROM users WHERE users.id = asked_by) AS asked_by, asked_at, started_at, finished_at, "
    "files, bytes, missing, rotten, remade, unknown, trouble"
)


@dataclass(frozen=True, slots=True)
class Run:
    """A run at work, of one video or (None) of the whole library; it looks at what was not checked since it began."""

    id: int
    video_id: str | None
    started_at: datetime


def ask(video_id: str | None, asked_by: str | None) -> dict[str, Any]:
    """Make sure that a run waits or is at work, and return it."""
    changed(
        "INSERT INTO scrubs (video_id, asked_by) VALUES (%s, %s) "
        "ON CONFLICT (coalesce(video_id, '')) WHERE finished_at IS NULL DO NOTHING",
        video_id,
        asked_by,
    )
    found = rows(
        f"SELECT {_REPORTED} FROM scrubs WHERE video_id IS NOT DISTINCT FROM %s AND finished_at IS NULL", video_id
    )
    return found[0]


def ask_when_due(days: int) -> bool:
    """Ask for a run of the whole library if the last one began more than `days` ago; say whether that was so."""
    return (
        changed(
            "INSERT INTO scrubs (video_id) SELECT NULL WHERE NOT EXISTS (SELECT FROM scrubs WHERE video_id IS NULL "
            "AND (finished_at IS NULL OR asked_at > now() - make_interval(days => %s))) ON CONFLICT DO NOTHING",
            days,
        )
        == 1
    )


def next_run() -> Run | None:
    """Return the run to work on, a person's first, and begin it if it only waited; None if nothing is asked for."""
    found = rows(
        "UPDATE scrubs SET started_at = coalesce(started_at, now()) WHERE id = (SELECT id FROM scrubs "
        "WHERE finished_at IS NULL ORDER BY video_id IS NULL, asked_by IS NULL, id LIMIT 1) "
        "RETURNING id, video_id, started_at"
    )
    return Run(**found[0]) if found else None


def count(run_id: int, **found: int) -> None:
    """Add to what a run has found; the names are the columns."""
    added = ", ".join(f"{name} = {name} + %s" for name in found)
    changed(f"UPDATE scrubs SET {added} WHERE id = %s", *found.values(), run_id)


def finish(run_id: int, trouble: str | None = None) -> bool:
    """End a run, with the reason if it was given up; False if it had ended."""
    return (
        changed(
            "UPDATE scrubs SET finished_at = now(), trouble = %s WHERE id = %s AND finished_at IS NULL",
            trouble,
            run_id,
        )
        == 1
    )


def newest(limit: int) -> list[dict[str, Any]]:
    """Return the last runs, newest first."""
    return rows(f"SELECT {_REPORTED} FROM scrubs ORDER BY id DESC LIMIT %s", limit)
