"""The one relay's own connection: it holds the lock that makes it the only one, and hears of new events.

Both live as long as the connection, so a relay that dies makes room for the next at once.
Source: PostgreSQL manual, "Advisory Locks" and "NOTIFY".
"""

from __future__ import annotations

import select
from types import TracebackType
from typing import Self

import psycopg2

from server.errors import Unavailable
from server.store.database import database
from server.store.events import CHANNEL

_KEY = "matinee.relay"


class RelayLock:
    """A connection outside the pool. Every method raises Unavailable once PostgreSQL has closed it."""

    def __init__(self) -> None:
        """Connect with the settings of `server.store.database`."""
        try:
            self._connection = psycopg2.connect(dbname=database.database, **database.connect_params)
        except psycopg2.OperationalError as error:
            raise _lost(error) from error
        self._connection.autocommit = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def acquire(self) -> bool:
        """Become the one relay and listen for new events; False while another one is."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", (_KEY,))
                (won,) = cursor.fetchone() or (False,)
                if won:
                    cursor.execute(f"LISTEN {CHANNEL}")
        except psycopg2.Error as error:
            raise _lost(error) from error
        return bool(won)

    def wait(self, seconds: float) -> None:
        """Return as soon as there may be new events, or after `seconds`; with 0 only see if the lock still holds."""
        select.select([self._connection], [], [], seconds)
        try:
            self._connection.poll()
        except psycopg2.Error as error:
            raise _lost(error) from error
        self._connection.notifies.clear()


def _lost(error: psycopg2.Error) -> Unavailable:
    return Unavailable(
        f"The database does not answer ({str(error).strip() or type(error).__name__}). Events wait in the outbox.",
        code="unavailable.database",
    )
