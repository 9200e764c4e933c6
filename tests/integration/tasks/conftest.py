"""People with films whose plans are made up: what is tested is who gets a worker, and when."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server import settings
from server.container import Container
from server.domain.ids import new_id
from server.domain.passage import NOTHING
from server.domain.permission import Role
from server.domain.source import Source
from server.domain.task import NewTask, Priority, Queue, TaskKind
from server.domain.user import User
from server.store import claims, renditions, tasks, users, videos
from server.store.database import transaction

People = Callable[[str, Role], User]
LEASE = 90


@pytest.fixture
def container(scratch: settings.Settings) -> Container:
    """The parts of the appliance, on a database of their own."""
    return Container(scratch)


@pytest.fixture
def people(scratch: settings.Settings) -> People:  # noqa: ARG001  # they live in it
    def introduce(name: str, role: Role = Role.UPLOADER) -> User:
        with transaction():
            users.create(new_id(), name, role, None)
            known = users.by_name(name)
        assert known is not None
        return known

    return introduce


@pytest.fixture
def alice(people: People) -> User:
    return people("alice", Role.ADMIN)


@pytest.fixture
def charlie(people: People) -> User:
    return people("charlie", Role.UPLOADER)


def planned(container: Container, owner_id: str, source: Source) -> str:
    """A film of a person's whose plan is settled as for a file with these facts; return its id."""
    video_id = new_id()
    container.layout.original(video_id).parent.mkdir(parents=True)
    with transaction():
        videos.create(video_id, owner_id, "Film", "film.mp4", 1)
        tasks.create(video_id, [NewTask(TaskKind.PLAN, "plan", Priority.FIRST)])
    plan = container.tasks.claim(Queue.LIGHT, "planner")
    assert plan is not None
    container.preparation.begin(plan, source, NOTHING)
    return video_id


def film(owner_id: str, count: int, priority: int = 600, cost: float = 1.0, rendition: str = "v360") -> str:
    """A film of so many pieces, four seconds each, that are being encoded into one rendition; return its id."""
    video_id = new_id()
    new = [
        NewTask(
            TaskKind.VIDEO_PIECE,
            f"{rendition}:{number:05d}",
            priority,
            cost,
            number * 4.0,
            spec={"renditions": [rendition], "piece": number, "first": number, "count": 1},
        )
        for number in range(count)
    ]
    with transaction():
        videos.create(video_id, owner_id, "Film", "film.mp4", 1)
        videos.plan(video_id, {}, count * 4.0, (640, 360))
        renditions.create(video_id, [(rendition, {"kind": "video"})])
        tasks.create(video_id, new)
    return video_id


def claim(worker: str = "one", lease: int = LEASE):
    with transaction():
        return claims.claim(Queue.HEAVY, worker, lease)


def serve(count: int, worker: str = "one") -> list[str]:
    """Have one worker do so many tasks, and return the films they belonged to."""
    served = []
    for _ in range(count):
        task = claim(worker)
        assert task is not None, "nothing waits"
        with transaction():
            assert tasks.finish(task.id, task.fence)
        served.append(task.video_id)
    return served
