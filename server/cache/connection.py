"""The connection to Redis, over its unix socket, with a timeout on everything."""

from __future__ import annotations

from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from server import settings


def connect(redis: settings.Redis) -> Redis:
    """Return a client with its own pool; it connects on first use and again after a lost connection."""
    return Redis(
        unix_socket_path=str(redis.socket),
        socket_timeout=redis.timeout_seconds,
        socket_connect_timeout=redis.timeout_seconds,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2),
        retry_on_error=[RedisConnectionError],
    )
