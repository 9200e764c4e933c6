"""The people of the tests, and how they come in: alice runs the appliance, bob adds films, charlie may only watch.

There is no page to invite people yet, so they are written into the system's own database, from here.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from server.domain.ids import new_id
from server.domain.permission import Role
from server.keystore import passwords, tokens
from server.launcher.system import System
from server.store import database, users

TIMEOUT_SECONDS = 60.0
LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Person:
    """Somebody with an account; the password is theirs alone."""

    name: str
    role: Role

    @property
    def password(self) -> str:
        return f"{self.name} likes long films"


ALICE = Person("alice", Role.ADMIN)
BOB = Person("bob", Role.UPLOADER)
CHARLIE = Person("charlie", Role.VIEWER)


@contextmanager
def records(system: System) -> Iterator[None]:
    """One transaction in the system's database, from the process of the tests."""
    database.configure(system.settings.database)
    try:
        with database.transaction():
            yield
    finally:
        database.close()


def introduce(system: System, person: Person) -> str:
    """Make sure that the person has an account, and return its id."""
    with records(system):
        users.create(new_id(), person.name, person.role, passwords.hash_password(person.password))
        known = users.by_name(person.name)
    assert known is not None
    return known.id


def stranger(system: System) -> httpx.Client:
    """A client that trusts the system's own authority, and whom nobody knows."""
    trusted = ssl.create_default_context(cafile=str(system.settings.paths.state / "tls/ca.crt"))
    return httpx.Client(base_url=system.address, verify=trusted, timeout=TIMEOUT_SECONDS)


def client(system: System, person: Person) -> httpx.Client:
    """A program of the person's, with an API token of its own."""
    user_id, token = introduce(system, person), tokens.new_token()
    with records(system):
        users.add_token(new_id(), user_id, "tests", tokens.digest(token), None)
    made = stranger(system)
    made.headers["Authorization"] = f"Bearer {token}"
    return made


def settled(api: httpx.Client, video_id: str, seconds: float = 90.0) -> dict[str, Any]:
    """Wait until a film is ready or failed, and return it."""
    deadline = time.monotonic() + seconds
    while True:
        video: dict[str, Any] = api.get(f"/api/v1/videos/{video_id}").raise_for_status().json()
        if video["state"] in ("ready", "failed"):
            return video
        assert time.monotonic() < deadline, f"the film did not settle: {video}"
        time.sleep(LOOK_SECONDS)
