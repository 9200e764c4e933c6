"""An empty database and a media folder of our own, so that no sweeper repairs what a test has just broken."""

from __future__ import annotations

import os
import pwd
import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from server import settings as tree
from server.cache import connection
from server.domain.permission import Role
from server.domain.user import User
from server.queue.doorbell import Doorbell
from server.services.uploads import Uploads
from server.services.videos import announce
from server.storage.incoming import Incoming
from server.storage.layout import Layout
from server.storage.library import Library
from server.store import database, users


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Path]:
    """The folder of the socket of a private PostgreSQL."""
    programs = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda path: int(path.parent.name))[-1]
    folder = Path("/tmp") / f"matinee-uploads-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    data = folder / "data"
    unshare: list[str] = []
    if os.getuid() == 0:
        person = pwd.getpwnam("postgres")
        unshare = ["unshare", "--user", f"--map-user={person.pw_uid}", f"--map-group={person.pw_gid}", "--"]
    subprocess.run(
        [*unshare, str(programs / "initdb"), "-D", str(data), "-U", "matinee", "-A", "trust", "-N"],
        check=True,
        capture_output=True,
    )
    control = [*unshare, str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log")]
    subprocess.run([*control, "-o", f"-c listen_addresses= -k {folder} -F", "start"], check=True, capture_output=True)
    yield folder
    subprocess.run([*control, "-m", "fast", "stop"], check=True, capture_output=True)
    subprocess.run(["rm", "-rf", str(folder)], check=True)


@pytest.fixture
def settings(postgresql: Path, tmp_path: Path) -> Iterator[tree.Settings]:
    """Settings of an appliance with an empty database, to which this process is connected."""
    made = tree.Settings(
        paths=tree.Paths(state=tmp_path / "state", media=tmp_path / "media", run=tmp_path / "run"),
        database=tree.Database(host=str(postgresql), name="postgres", user="matinee"),
        redis=tree.Redis(socket=tmp_path / "no-redis.sock"),
        rabbitmq=tree.RabbitMQ(),
        web=tree.Web(address="https://localhost"),
        uploads=tree.Uploads(max_bytes=10**9, reserve_bytes=0),
    )
    database.configure(made.database)
    database.migrate()
    with database.transaction():
        database.changed("TRUNCATE users, uploads, videos, tasks, outbox RESTART IDENTITY CASCADE")
    yield made
    database.close()


@pytest.fixture
def layout(settings: tree.Settings) -> Layout:
    return Layout(settings.paths.media)


@pytest.fixture
def make_service(settings: tree.Settings, layout: Layout) -> Callable[..., Uploads]:
    """Make the real service with other limits; nobody answers its doorbell, as after a crash of Redis."""

    def make(**limits: int) -> Uploads:
        chosen = replace(settings.uploads, **limits)
        doorbell = Doorbell(connection.connect(settings.redis))
        return Uploads(chosen, Incoming(layout, chosen.reserve_bytes), Library(layout), doorbell, announce)

    return make


@pytest.fixture
def service(make_service: Callable[..., Uploads]) -> Uploads:
    return make_service()


@pytest.fixture
def add_user(settings: tree.Settings) -> Callable[[str, Role], User]:  # noqa: ARG001  # it connects the database
    """Give the appliance one more person."""

    def add(name: str, role: Role) -> User:
        with database.transaction():
            users.create(f"{name:1<12}", name, role, None)
            found = users.by_name(name)
        assert found is not None
        return found

    return add


@pytest.fixture
def alice(add_user: Callable[[str, Role], User]) -> User:
    return add_user("alice", Role.ADMIN)


@pytest.fixture
def bob(add_user: Callable[[str, Role], User]) -> User:
    return add_user("bob", Role.UPLOADER)


@pytest.fixture
def charlie(add_user: Callable[[str, Role], User]) -> User:
    return add_user("charlie", Role.UPLOADER)
