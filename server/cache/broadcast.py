"""Live events between processes, through Redis publish/subscribe: fast, and allowed to lose messages.

Whoever needs every event asks PostgreSQL for what is missing; `listen` says when that may be so.
Source: Redis manual, "Redis Pub/Sub" (delivery is at most once).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

from redis import Redis, RedisError

from server.domain.backoff import Backoff
from server.errors import Unavailable

CHANNEL = "matinee:events"
QUIET_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Broadcast:
    """The channel of live events, each a CloudEvents JSON object."""

    def __init__(self, connection: Redis) -> None:
        self._connection = connection

    def publish(self, event: bytes) -> None:
        """Pass `event` to every process that listens now. Raises Unavailable."""
        try:
            self._connection.publish(CHANNEL, event)
        except RedisError as error:
            raise Unavailable(f"Redis does not answer ({error}).", code="unavailable.broadcast") from error

    def listen(self) -> Iterator[bytes | None]:
        """Yield every event from now on, without end.

        None comes when events may have been missed: after each (re)connection, on each failure, and after five quiet
        seconds, since the last message before a loss leaves no trace.
        """
        backoff = Backoff()
        while True:
            try:
                for event in self._connected():
                    backoff.reset()
                    yield event
            except RedisError as error:
                delay = backoff.next()
                _log.warning("Live events cannot be heard (%s). Trying again in %.1f s.", error, delay)
                yield None
                time.sleep(delay)

    def _connected(self) -> Iterator[bytes | None]:
        # The client reconnects by itself as well, which shows as another message of the type "subscribe".
        with self._connection.pubsub() as subscription:
            subscription.subscribe(CHANNEL)
            while True:
                message = subscription.get_message(timeout=QUIET_SECONDS)
                yield message["data"] if message and message["type"] == "message" else None
