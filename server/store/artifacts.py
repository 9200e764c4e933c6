"""The manifest: one row per stored file, written in the transaction that publishes the file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.domain.artifact import Artifact, ArtifactKind
from server.store.database import changed, rows

_COLUMNS = "artifacts.video_id, path, artifacts.kind, size, sha256, content, task_id, published_at"

# Nobody judges a file whose task is at work: it may be replaced at this very moment.
_AT_REST = "NOT EXISTS (SELECT FROM tasks WHERE tasks.id = task_id AND tasks.state IN ('queued', 'running'))"


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the manifest. `published_at` tells one publication of a path from the next."""

    video_id: str
    artifact: Artifact
    content: str | None
    task_id: int | None
    published_at: datetime


def note(video_id: str, published: Iterable[Artifact], task_id: int | None = None, content: str | None = None) -> None:
    """Record what was just published, in place of what was known of the same paths."""
    files = list(published)
    changed(
        """
        INSERT INTO artifacts (video_id, path, kind, size, sha256, content, task_id, checked_at)
        SELECT %s, path, kind, size, sha256, %s, %s, CASE WHEN sha256 IS NULL THEN NULL ELSE now() END
        FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bytea[]) AS published (path, kind, size, sha256)
        ON CONFLICT (video_id, path) DO UPDATE SET
            kind = excluded.kind, size = excluded.size, sha256 = excluded.sha256, content = excluded.content,
            task_id = excluded.task_id, published_at = now(), checked_at = excluded.checked_at
        """,
        video_id,
        content,
        task_id,
        [file.path for file in files],
        [file.kind.value for file in files],
        [file.size for file in files],
        [file.sha256 for file in files],
    )


def get(video_id: str, path: str) -> Record | None:
    """Return what is known of a file, or None."""
    found = rows(f"SELECT {_COLUMNS} FROM artifacts WHERE video_id = %s AND path = %s", video_id, path)
    return _record(found[0]) if found else None


def segment_sizes(video_id: str, rendition: str) -> dict[int, int]:
    """Return the bytes of each published segment of a rendition by its number."""
    found = rows(
        "SELECT substring(path FROM '([0-9]+)[.]m4s$')::int AS number, size FROM artifacts "
        "WHERE video_id = %s AND kind = %s AND path LIKE %s",
        video_id,
        ArtifactKind.SEGMENT,
        f"hls/{rendition}/%",
    )
    return {row["number"]: row["size"] for row in found}


def at_rest(record: Record) -> bool:
    """Say whether the file is still the one of `record`, and nobody is about to make it again."""
    return bool(
        rows(
            f"SELECT FROM artifacts WHERE video_id = %s AND path = %s AND published_at = %s AND {_AT_REST}",
            record.video_id,
            record.artifact.path,
            record.published_at,
        )
    )


def unread(limit: int) -> list[Record]:
    """Return originals whose bytes nobody has read yet, oldest first."""
    found = rows(
        f"SELECT {_COLUMNS} FROM artifacts WHERE sha256 IS NULL AND checked_at IS NULL ORDER BY published_at LIMIT %s",
        limit,
    )
    return [_record(row) for row in found]


def unchecked_since(moment: datetime, limit: int, video_id: str | None = None) -> list[Record]:
    """Return up to `limit` files that were not checked since `moment`, those first that have waited longest."""
    found = rows(
        f"""
        SELECT {_COLUMNS} FROM artifacts
        WHERE (checked_at IS NULL OR checked_at < %s) AND (%s::text IS NULL OR video_id = %s) AND {_AT_REST}
        ORDER BY checked_at NULLS FIRST, video_id, path LIMIT %s
        """,
        moment,
        video_id,
        video_id,
        limit,
    )
    return [_record(row) for row in found]


def mark_checked(record: Record, sha256: bytes | None = None) -> bool:
    """Record that the file was looked at just now, and its hash where none was known; False if it was replaced."""
    return (
        changed(
            "UPDATE artifacts SET checked_at = now(), sha256 = coalesce(sha256, %s) "
            "WHERE video_id = %s AND path = %s AND published_at = %s",
            sha256,
            record.video_id,
            record.artifact.path,
            record.published_at,
        )
        == 1
    )


def videos() -> set[str]:
    """Return every video of which files are known."""
    return {row["video_id"] for row in rows("SELECT DISTINCT video_id FROM artifacts")}


def paths(video_id: str) -> set[str]:
    """Return the path of every file of a video."""
    return {row["path"] for row in rows("SELECT path FROM artifacts WHERE video_id = %s", video_id)}


def is_older(video_id: str, path: str, hours: int) -> bool:
    """Say whether a file was published more than so many hours ago; False for one that is not known."""
    sql = (
        "SELECT FROM artifacts WHERE video_id = %s AND path = %s AND published_at < now() - make_interval(hours => %s)"
    )
    return bool(rows(sql, video_id, path, hours))


def withdraw(video_id: str, rendition: str) -> list[str]:
    """Drop the rows of a rendition's init segment and segments; return their paths."""
    found = rows(
        "DELETE FROM artifacts WHERE video_id = %s AND starts_with(path, %s) AND kind IN ('init', 'segment') "
        "RETURNING path",
        video_id,
        f"hls/{rendition}/",
    )
    return [row["path"] for row in found]


def maker(video_id: str, rendition: str, segment: int) -> int | None:
    """Return the task that makes a segment of a rendition, or None."""
    found = rows(
        "SELECT id FROM tasks WHERE video_id = %s AND spec->'renditions' @> to_jsonb(%s::text) "
        "AND %s - (spec->>'first')::int BETWEEN 0 AND (spec->>'count')::int - 1",
        video_id,
        rendition,
        segment,
    )
    return found[0]["id"] if found else None


def forget(video_id: str, gone: Sequence[str]) -> int:
    """Drop rows by path; return how many there were."""
    return changed("DELETE FROM artifacts WHERE video_id = %s AND path = ANY(%s)", video_id, list(gone))


def forget_made(video_id: str) -> int:
    """Drop the rows of everything that was made from the original; return how many there were."""
    return changed("DELETE FROM artifacts WHERE video_id = %s AND kind <> 'original'", video_id)


def totals() -> dict[str, Any]:
    """Return files and bytes of the whole manifest, how many were never read, and the oldest check (None: none)."""
    return rows(
        "SELECT count(*)::int AS files, coalesce(sum(size), 0)::bigint AS bytes, "
        "count(*) FILTER (WHERE checked_at IS NULL)::int AS unread, min(checked_at) AS oldest_check FROM artifacts"
    )[0]


def _record(row: dict[str, Any]) -> Record:
    digest = None if row["sha256"] is None else bytes(row["sha256"])
    artifact = Artifact(row["path"], ArtifactKind(row["kind"]), row["size"], digest)
    return Record(row["video_id"], artifact, row["content"], row["task_id"], row["published_at"])
