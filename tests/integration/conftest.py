"""A database of its own for tests of rules that live in SQL: the same server, and nobody else at work in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg2
import pytest

from server import settings
from server.domain.ids import new_id
from server.domain.permission import Role
from server.launcher.system import System
from server.store import database, users


@pytest.fixture
def scratch(system: System) -> Iterator[settings.Settings]:
    """Settings whose database is fresh and migrated; `server.store` is pointed at it during the test."""
    loaded = system.settings
    name = f"scratch_{new_id().lower()}"
    outside = psycopg2.connect(
        host=loaded.database.host, port=loaded.database.port, user="postgres", dbname=loaded.database.name
    )
    outside.autocommit = True
    outside.cursor().execute(f"CREATE DATABASE {name} OWNER {loaded.database.user}")
    own = replace(loaded, database=replace(loaded.database, name=name))
    database.configure(own.database)
    database.migrate()
    yield own
    database.close()
    outside.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
    outside.close()


@pytest.fixture
def bob(scratch: settings.Settings) -> str:  # noqa: ARG001  # he lives in it
    """The id of an uploader."""
    user_id = new_id()
    with database.transaction():
        users.create(user_id, "bob", Role.UPLOADER, None)
    return user_id
