"""Which workers are listening, as Redis knows it."""

from __future__ import annotations

from redis import Redis, RedisError
from rq.worker_registration import get_keys

from server.domain.task import Queue


def worker_counts(connection: Redis) -> dict[str, int] | None:
    """Return how many workers listen to each queue; None if Redis does not answer."""
    try:
        registered = {key: connection.hget(key, "queues") for key in get_keys(connection=connection)}
    except RedisError:
        return None
    served = [value.decode() if isinstance(value, bytes) else value for value in registered.values() if value]
    return {queue.value: served.count(queue.value) for queue in Queue}
