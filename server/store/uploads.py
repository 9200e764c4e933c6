"""Uploads on their way in. How much has arrived is the spool file's length, never a column."""

from __future__ import annotations

from typing import Any

from server.domain.upload import Upload, UploadState
from server.store.database import changed, rows

_COLUMNS = "id, owner_id, filename, size, state, video_id, created_at, expires_at"


def create(upload_id: str, owner_id: str, filename: str, size: int, keep_seconds: int) -> Upload:
    """Add an upload that expires `keep_seconds` from now."""
    return _upload(
        rows(
            "INSERT INTO uploads (id, owner_id, filename, size, state, expires_at) "
            f"VALUES (%s, %s, %s, %s, 'receiving', now() + make_interval(secs => %s)) RETURNING {_COLUMNS}",
            upload_id,
            owner_id,
            filename,
            size,
            keep_seconds,
        )[0]
    )


def get(upload_id: str) -> Upload | None:
    """Return the upload, or None."""
    found = rows(f"SELECT {_COLUMNS} FROM uploads WHERE id = %s", upload_id)
    return _upload(found[0]) if found else None


def lock(upload_id: str) -> Upload | None:
    """Return the upload and hold its row until this transaction ends, or None."""
    found = rows(f"SELECT {_COLUMNS} FROM uploads WHERE id = %s FOR UPDATE", upload_id)
    return _upload(found[0]) if found else None


def is_expired(upload_id: str) -> bool:
    """Say whether the upload has waited too long, by the database's clock."""
    return bool(rows("SELECT id FROM uploads WHERE id = %s AND expires_at < now()", upload_id))


def prolong(upload_id: str, keep_seconds: int) -> Upload | None:
    """Move the expiry of an unfinished upload to `keep_seconds` from now; None if there is no such upload."""
    found = rows(
        "UPDATE uploads SET expires_at = now() + make_interval(secs => %s) "
        f"WHERE id = %s AND state = 'receiving' RETURNING {_COLUMNS}",
        keep_seconds,
        upload_id,
    )
    return _upload(found[0]) if found else None


def complete(upload_id: str, video_id: str) -> bool:
    """Mark the upload complete as `video_id`; False if it was complete already or is gone."""
    return (
        changed(
            "UPDATE uploads SET state = 'complete', video_id = %s WHERE id = %s AND state = 'receiving'",
            video_id,
            upload_id,
        )
        == 1
    )


def remove(upload_id: str) -> bool:
    """Drop the upload; False if there was none."""
    return changed("DELETE FROM uploads WHERE id = %s", upload_id) == 1


def remove_expired(limit: int) -> list[str]:
    """Drop up to `limit` expired uploads, finished or not, and return their ids."""
    found = rows(
        "DELETE FROM uploads WHERE id IN (SELECT id FROM uploads WHERE expires_at < now() "
        "ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED) RETURNING id",
        limit,
    )
    return [row["id"] for row in found]


def receiving() -> list[Upload]:
    """Return every unfinished upload; their missing bytes are promised disk space."""
    return [_upload(row) for row in rows(f"SELECT {_COLUMNS} FROM uploads WHERE state = 'receiving'")]


def bytes_of_owner(owner_id: str) -> int:
    """Return the bytes that count against a person's quota: stored originals and unfinished uploads in full size."""
    return int(
        rows(
            "SELECT (SELECT coalesce(sum(size), 0) FROM videos WHERE owner_id = %s)"
            " + (SELECT coalesce(sum(size), 0) FROM uploads WHERE owner_id = %s AND state = 'receiving') AS bytes",
            owner_id,
            owner_id,
        )[0]["bytes"]
    )


def lock_owner(owner_id: str) -> None:
    """Make other creations by the same person wait until this transaction ends, so that two cannot share one quota."""
    rows("SELECT id FROM users WHERE id = %s FOR NO KEY UPDATE", owner_id)


def lock_space() -> None:
    """Make other creations wait until this transaction ends, so that two cannot be promised the same free space."""
    rows("SELECT pg_advisory_xact_lock(hashtext('matinee.uploads.space'))")


def _upload(row: dict[str, Any]) -> Upload:
    return Upload(**{**row, "state": UploadState(row["state"])})
