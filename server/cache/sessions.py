"""Sessions of browsers: who is behind a cookie. Redis knows only the digest of the cookie's value."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from redis import Redis, RedisError

from server.errors import Unavailable
from server.settings import Web


@dataclass(frozen=True, slots=True)
class Session:
    """What is kept of a session: the person, the token that forms must carry, and the start in Unix seconds."""

    user_id: str
    csrf: str
    started_at: float


class Sessions:
    """Stores sessions with an idle and an absolute lifetime."""

    def __init__(self, connection: Redis, web: Web) -> None:
        self._connection = connection
        self._idle = web.session_idle_seconds
        self._absolute = web.session_absolute_seconds

    def put(self, digest: bytes, session: Session) -> None:
        """Keep a session under the SHA-256 digest of its cookie. Raises Unavailable."""
        with _redis():
            self._connection.set(_key(digest), json.dumps(asdict(session)), ex=self._idle)

    def get(self, digest: bytes) -> Session | None:
        """Return the session and prolong its idle lifetime; None if unknown or over. Raises Unavailable."""
        with _redis():
            found = self._connection.getex(_key(digest), ex=self._idle)
        if found is None:
            return None
        session = Session(**json.loads(found))
        return session if time.time() - session.started_at < self._absolute else None

    def drop(self, digest: bytes) -> None:
        """End a session. Raises Unavailable."""
        with _redis():
            self._connection.delete(_key(digest))


def _key(digest: bytes) -> str:
    return f"matinee:session:{digest.hex()}"


@contextmanager
def _redis() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise Unavailable(
            "The session store does not answer, so nobody can be recognised now. Try again in a moment.",
            code="unavailable.sessions",
        ) from error
