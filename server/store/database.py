"""The connection to PostgreSQL: pooled, bounded by timeouts, opened on first use and never across a fork."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee
from playhouse.migrations import Runner
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase

from server.errors import Unavailable
from server.settings import Database

CONNECT_TIMEOUT_SECONDS = 5
MIGRATIONS = Path(__file__).with_name("migrations")

# Tables are classes, so they name their database once; `configure` says which one it is.
database = peewee.DatabaseProxy()


class _Pool(PooledPostgresqlDatabase):
    """A pool that does not hand out connections which the server has closed meanwhile."""

    def _is_closed(self, conn: Any) -> bool:
        # Nothing is ever sent to an idle client except the news that the server is leaving.
        return conn.closed or bool(select.select([conn.fileno()], [], [], 0)[0])


def configure(settings: Database) -> None:
    """Point all tables at the database of `settings`. Connects to nothing yet."""
    database.initialize(
        _Pool(  # type: ignore[no-untyped-call]  # the stubs leave its base's constructor untyped
            settings.name,
            host=settings.host,
            port=settings.port,
            user=settings.user,
            password=settings.password_file.read_text(encoding="utf-8").strip() if settings.password_file else None,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            options=f"-c statement_timeout={settings.statement_timeout_ms} -c timezone=UTC",
            max_connections=settings.pool,
            stale_timeout=300,
            timeout=CONNECT_TIMEOUT_SECONDS,
        )
    )


@contextmanager
def transaction() -> Iterator[None]:
    """Run the block in one transaction: all of it happens or none. Inside another transaction it joins that one.

    Raises Unavailable when PostgreSQL cannot be reached or takes too long; nothing was changed then.
    """
    with _answering():
        if database.in_transaction():
            yield
            return
        with database.connection_context(), database.atomic():
            yield


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (peewee.OperationalError, peewee.InterfaceError, MaxConnectionsExceeded) as error:
        raise Unavailable(
            f"The database does not answer ({str(error).strip() or type(error).__name__}). "
            "Nothing was changed; try again in a moment.",
            code="unavailable.database",
        ) from error


def rows(sql: str, *parameters: object) -> list[dict[str, Any]]:
    """Run one statement inside the current transaction and return its rows by column name."""
    cursor = database.execute_sql(sql, parameters)
    if cursor.description is None:
        return []
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]


def changed(sql: str, *parameters: object) -> int:
    """Run one statement inside the current transaction and return how many rows it changed."""
    return int(database.execute_sql(sql, parameters).rowcount)


def migrate() -> list[str]:
    """Apply the migrations that are missing, in order, and return their names. Two at once wait for each other.

    Raises Unavailable when PostgreSQL cannot be reached.
    """
    try:
        with _answering(), database.connection_context():
            database.execute_sql("SET statement_timeout = 0")  # rebuilding a large table takes as long as it takes
            database.execute_sql("SELECT pg_advisory_lock(hashtext('matinee.migrate'))")
            return list(Runner(database.obj, str(MIGRATIONS)).up())
    finally:
        close()  # the lock and the setting last as long as the connection


def close() -> None:
    """Close every connection of this process; done before a fork, since two processes cannot share one."""
    if database.obj is not None:
        database.obj.close_all()
