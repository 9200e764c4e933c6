"""Events in the outbox: written with the change they tell of, put in order and published by the one relay."""

from __future__ import annotations

import json
from typing import Any

from server.domain.event import Event, NewEvent
from server.domain.ids import new_id
from server.store.database import changed, rows

CHANNEL = "outbox"  # NOTIFY wakes the relay; polling is its safety net

_COLUMNS = "id, position, type, subject, time, data, traceparent"


def append(event: NewEvent) -> None:
    """Write `event` to the outbox, inside the caller's transaction, and wake the relay when that commits."""
    changed(
        "INSERT INTO outbox (id, type, subject, actor, data, traceparent) VALUES (%s, %s, %s, %s, %s, %s)",
        new_id(),
        event.type,
        event.subject,
        event.actor,
        json.dumps(event.data),
        event.traceparent,
    )
    rows("SELECT pg_notify(%s, '')", CHANNEL)


def sequence(limit: int) -> list[Event]:
    """Give up to `limit` unpublished events their position and return them in that order.

    Must be called by one relay at a time (it holds an advisory lock): positions are then committed in order, so a
    reader that has seen position n will never find a smaller one later. Events that got their position in an earlier
    run but were not confirmed come first, with the position they have.
    """
    # Even a relay that has lost its lock unawares cannot commit positions out of order.
    rows("SELECT pg_advisory_xact_lock(hashtext('matinee.sequence'))")
    changed(
        """
        UPDATE outbox SET position = fresh.position
        FROM (SELECT id, nextval('outbox_position') AS position
              FROM (SELECT id FROM outbox WHERE published_at IS NULL AND position IS NULL
                    ORDER BY serial LIMIT %s FOR UPDATE SKIP LOCKED) waiting) fresh
        WHERE outbox.id = fresh.id
        """,
        limit,
    )
    found = rows(
        f"SELECT {_COLUMNS} FROM outbox WHERE published_at IS NULL AND position IS NOT NULL ORDER BY position LIMIT %s",
        limit,
    )
    return [_event(row) for row in found]


def mark_published(ids: list[str]) -> None:
    """Record that the broker has confirmed the events `ids`."""
    changed("UPDATE outbox SET published_at = now() WHERE id = ANY(%s) AND published_at IS NULL", ids)


def after(position: int, limit: int) -> list[Event]:
    """Return up to `limit` events whose position is greater than `position`, in order."""
    found = rows(f"SELECT {_COLUMNS} FROM outbox WHERE position > %s ORDER BY position LIMIT %s", position, limit)
    return [_event(row) for row in found]


def newest_position() -> int:
    """Return the highest position given so far, 0 where there is none."""
    return int(rows("SELECT coalesce(max(position), 0) AS position FROM outbox")[0]["position"])


def remember(consumer: str, event_id: str) -> bool:
    """Note in the inbox that `consumer` handles `event_id`; False if it did so before."""
    return (
        changed(
            "INSERT INTO inbox (consumer, event_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            consumer,
            event_id,
        )
        == 1
    )


def forget_older_than(days: int) -> int:
    """Drop events that were published more than `days` ago, and inbox notes of that age; return how many events."""
    changed("DELETE FROM inbox WHERE at < now() - make_interval(days => %s)", days)
    return changed("DELETE FROM outbox WHERE published_at < now() - make_interval(days => %s)", days)


def backlog() -> dict[str, Any]:
    """Return how many events wait for the relay and the age of the oldest, in seconds."""
    return rows(
        "SELECT count(*) AS waiting, coalesce(extract(epoch FROM now() - min(time)), 0)::float AS oldest_seconds "
        "FROM outbox WHERE published_at IS NULL"
    )[0]


def _event(row: dict[str, Any]) -> Event:
    return Event(**row)
