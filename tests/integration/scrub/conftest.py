from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server import settings as tree
from server.container import Container
from server.domain.ids import new_id
from server.domain.permission import Role
from server.domain.user import User
from server.store import users
from server.store.database import transaction
from tests.integration.scrub.house import House
from tests.integration.uploads.conftest import postgresql, settings

__all__ = ["postgresql", "settings"]


@pytest.fixture
def house(settings: tree.Settings) -> House:
    people = {}
    with transaction():
        for name, role in (("alice", Role.ADMIN), ("bob", Role.UPLOADER)):
            people[name] = User(new_id(), name, role, None, datetime.now(UTC))
            users.create(people[name].id, name, role, None)
    return House(Container(settings), **people)


@pytest.fixture(autouse=True)
def _quiet_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else this machine does, the scrub does not wait for it here."""
    monkeypatch.setattr("server.storage.reading.io_pressure", lambda: 0.0)
