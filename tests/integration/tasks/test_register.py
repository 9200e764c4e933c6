"""The register of workers, and what a worker that is told to wait does with the bell."""

from __future__ import annotations

import pytest

from server import settings
from server.domain.task import Queue
from server.domain.worker import LOST_SECONDS, Identity, WorkerState
from server.errors import Forbidden, NotFound
from server.services.tasks import Tasks
from server.services.workers import Workers
from server.store.database import changed, transaction
from tests.integration.tasks.conftest import film, serve

ONE = Identity("one", "here", "heavy", 1, "1.0")
TWO = Identity("two", "there", "heavy", 2, "1.0")


class Bell:
    """Counts the rings."""

    def __init__(self) -> None:
        self.rings: list[Queue] = []

    def ring(self, queue: Queue, times: int = 1) -> None:
        self.rings += [queue] * times


@pytest.fixture
def register(scratch):  # noqa: ARG001  # it lives in it
    register = Workers()
    for worker in (ONE, TWO):
        assert register.beat(worker) is WorkerState.ACTIVE
    return register


@pytest.fixture
def bell():
    return Bell()


@pytest.fixture
def work(bell):
    return Tasks(settings.Tasks(), bell)


def _states(register, alice) -> dict[str, str]:
    return {one.identity.name: str(one.as_dict()["state"]) for one in register.listed(alice)}


def test_a_paused_worker_gets_nothing_until_it_may_go_on(register, work, alice):
    film(alice.id, 3)
    assert register.direct(alice, WorkerState.PAUSED, name="one") == ["one"]
    assert register.beat(ONE) is WorkerState.PAUSED
    assert work.claim(Queue.HEAVY, "one") is None
    assert work.claim(Queue.HEAVY, "two") is not None
    register.direct(alice, WorkerState.ACTIVE, host="here")
    assert work.claim(Queue.HEAVY, "one") is not None


def test_a_worker_that_is_held_back_passes_the_bell_on(register, work, bell, alice):
    film(alice.id, 3)
    register.direct(alice, WorkerState.PAUSED, host="here")
    work.claim(Queue.HEAVY, "one")
    assert bell.rings == [Queue.HEAVY]


def test_the_bell_is_not_passed_on_when_nothing_waits(register, work, bell, alice):
    register.direct(alice, WorkerState.DRAINING)
    assert work.claim(Queue.HEAVY, "one") is None
    assert bell.rings == []


def test_a_worker_that_leaves_is_struck_off(register, alice):
    register.leave("one")
    assert _states(register, alice) == {"two": "active"}


def test_a_worker_that_is_silent_for_three_beats_is_lost_and_hears_nothing(register, alice):
    with transaction():
        changed("UPDATE workers SET seen_at = now() - make_interval(secs => %s) WHERE name = 'one'", LOST_SECONDS + 1)
    assert _states(register, alice) == {"one": "lost", "two": "active"}
    assert register.direct(alice, WorkerState.PAUSED) == ["two"]
    with pytest.raises(NotFound):
        register.direct(alice, WorkerState.PAUSED, name="one")


def test_a_lost_worker_that_comes_back_is_there_again(register, alice):
    with transaction():
        changed("UPDATE workers SET seen_at = now() - interval '1 minute'")
    register.beat(ONE)
    assert _states(register, alice)["one"] == "active"


def test_what_has_been_lost_for_long_is_forgotten(register, alice):
    with transaction():
        changed("UPDATE workers SET seen_at = now() - interval '2 hours' WHERE name = 'one'")
    register.forget_lost()
    assert list(_states(register, alice)) == ["two"]


def test_the_list_tells_what_each_worker_does_and_how_fast_it_was(register, work, alice):
    video_id = film(alice.id, 3, cost=6.0)
    serve(1, "one")
    with transaction():
        changed("UPDATE tasks SET started_at = finished_at - interval '2 seconds' WHERE state = 'done'")
    task = work.claim(Queue.HEAVY, "one")
    one, two = register.listed(alice)
    assert (one.task_id, one.video_id, one.speed) == (task.id, video_id, pytest.approx(3.0))
    assert (two.task_id, two.speed) == (None, None)


def test_only_an_administrator_directs_workers(register, charlie):
    with pytest.raises(Forbidden):
        register.listed(charlie)
    with pytest.raises(Forbidden):
        register.direct(charlie, WorkerState.PAUSED)
