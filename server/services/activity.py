"""What has happened: from the outbox to the broker, and back to clients that resume.

Changes write their event with `server.store.events.append`, in the transaction that makes it true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from server.domain.event import Event
from server.errors import Unavailable
from server.store import events
from server.store.database import transaction

BATCH = 500


class Activity:
    """The stream of events in its published order."""

    def relay_once(self, publish: Callable[[Sequence[Event]], list[str]]) -> int:
        """Publish up to 500 waiting events in order and mark those which the broker confirmed; return how many.

        `publish` returns the ids that were confirmed. Raises Unavailable if it were not all: the others stay in the
        outbox and are published again, at the position they have.
        """
        with transaction():
            waiting = events.sequence(BATCH)
        if not waiting:
            return 0
        confirmed = publish(waiting)
        with transaction():
            events.mark_published(confirmed)
        if len(confirmed) < len(waiting):
            raise Unavailable(
                f"The broker confirmed {len(confirmed)} of {len(waiting)} events; the others stay in the outbox.",
                code="unavailable.broker",
            )
        return len(confirmed)

    def after(self, position: int, limit: int = BATCH) -> list[Event]:
        """Return up to `limit` events that follow `position`, in order. Raises Unavailable."""
        with transaction():
            return events.after(position, limit)

    def newest_position(self) -> int:
        """Return the position of the newest event, 0 before the first. Raises Unavailable."""
        with transaction():
            return events.newest_position()

    def backlog(self) -> dict[str, Any]:
        """Return how many events wait for the relay (`waiting`) and the oldest one's age (`oldest_seconds`)."""
        with transaction():
            return events.backlog()

    def forget(self, days: int) -> int:
        """Drop events that were published more than `days` ago; return how many. Raises Unavailable."""
        with transaction():
            return events.forget_older_than(days)
