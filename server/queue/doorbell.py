"""Ringing for workers.

A ring says only "there is work on this queue". Whoever answers takes the most urgent task from PostgreSQL, so a lost,
doubled or late ring changes nothing but the moment of waking; the sweeper rings again for whatever still waits.
"""

from __future__ import annotations

import logging

from redis import Redis, RedisError
from rq import Queue as RQQueue

from server.domain.task import Queue

# By name: the server never imports the workers, and workers accept no other name.
ENTRY_POINT = "workers.shift.run"
SERIALIZER = "json"

# More rings than workers wake nobody: a worker goes on by itself until its queue is empty.
ENOUGH = 8

_log = logging.getLogger(__name__)


class Doorbell:
    """Rings for the workers of a queue through Redis."""

    def __init__(self, connection: Redis) -> None:
        self._connection = connection

    def ring(self, queue: Queue, times: int = 1) -> None:
        """Wake up to `times` workers of `queue`. Never fails: without Redis the sweeper will ring later."""
        try:
            bell = RQQueue(queue.value, connection=self._connection, serializer=SERIALIZER)
            for _ in range(min(times, ENOUGH - bell.count)):
                bell.enqueue_call(ENTRY_POINT, args=(queue.value,), timeout=-1, result_ttl=0, failure_ttl=60)
        except RedisError as error:
            _log.warning("Nobody could be woken for queue %s (%s); the sweeper rings again.", queue.value, error)
