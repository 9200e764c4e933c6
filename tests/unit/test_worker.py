"""A worker that is told to wait does not listen, and one that is told to leave leaves for good."""

from __future__ import annotations

import time

import pytest
import rq
from rq.exceptions import StopRequested

from server.domain.worker import BEAT_SECONDS, WorkerState
from server.launcher import processes
from workers import main
from workers.worker import Worker


@pytest.fixture
def told():
    """What the register answers, one beat after the other."""
    return []


@pytest.fixture
def listening(monkeypatch, told):
    """A worker without any Redis: it writes down what it does instead."""
    story: list[object] = []
    made = Worker.__new__(Worker)
    made._stand = lambda: told.pop(0)
    made._stop_requested = made.drained = False

    def listen(_self, _timeout, idle):
        story.append(("listens", idle))
        return None if told else ("job", "queue")

    monkeypatch.setattr(rq.Worker, "dequeue_job_and_maintain_ttl", listen)
    monkeypatch.setattr(rq.Worker, "heartbeat", lambda _self: story.append("beats"))
    monkeypatch.setattr(time, "sleep", lambda _seconds: story.append("waits"))
    return made, story


def test_a_worker_listens_for_one_beat_and_looks_again(listening, told):
    made, story = listening
    told += [WorkerState.ACTIVE, WorkerState.ACTIVE]
    assert made.dequeue_job_and_maintain_ttl(15) == ("job", "queue")
    assert story == [("listens", BEAT_SECONDS)] * 2


def test_a_paused_worker_does_not_listen_until_it_may_go_on(listening, told):
    made, story = listening
    told += [WorkerState.PAUSED, WorkerState.PAUSED, WorkerState.ACTIVE]
    assert made.dequeue_job_and_maintain_ttl(15) == ("job", "queue")
    assert story == ["beats", "waits"] * 2 + [("listens", BEAT_SECONDS)]


def test_a_worker_that_is_told_to_leave_does_not_listen_again(listening, told):
    made, story = listening
    told += [WorkerState.DRAINING]
    with pytest.raises(StopRequested):
        made.dequeue_job_and_maintain_ttl(15)
    assert made.drained
    assert story == []


def test_a_paused_worker_can_be_stopped(listening, told):
    made, _ = listening
    told += [WorkerState.PAUSED]
    made._stop_requested = True
    with pytest.raises(StopRequested):
        made.dequeue_job_and_maintain_ttl(15)
    assert not made.drained


def test_the_launcher_knows_with_which_code_a_worker_leaves_for_good():
    assert processes.DRAINED == main.DRAINED


def test_a_worker_waits_for_nothing_longer_than_a_beat(monkeypatch):
    given = {}
    monkeypatch.setattr(rq.Worker, "__init__", lambda _self, _queues, **options: given.update(options))
    Worker(rq.Queue.__new__(rq.Queue), lambda: WorkerState.ACTIVE, name="one")
    assert (given["worker_ttl"] - 15, given["job_monitoring_interval"]) == (BEAT_SECONDS, BEAT_SECONDS)
