"""Whatever is killed: the upload goes on at its offset, the film becomes ready once, and nobody has to do anything."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable

import httpx
import pytest
from redis import Redis

from server.launcher import kernel
from server.launcher.system import System
from tests.faults.story import (
    assert_all_is_well,
    begin_transcode,
    leases_run_out,
    tasks_of,
    upload_through,
    videos_of,
    wait_until,
)
from tests.faults.victims import encoders, horses, strike, web_workers

PARTS = (
    "web",
    "sockets",
    "relay",
    "live",
    "sweeper",
    "light-1",
    "urgent-1",
    "heavy-1",
    "redis",
    "rabbitmq",
    "postgresql",
    "nginx",
)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_killed(private: System, bob: httpx.Client, name: str) -> None:
    before, expired = videos_of(bob), leases_run_out(private)
    preparing = begin_transcode(private, bob)
    pid = private.pid(name)
    uploaded = upload_through(private, bob, lambda: private.kill(name))
    private.wait_replaced(name, pid)
    assert_all_is_well(private, bob, before, {preparing, uploaded})
    if name != "postgresql":  # without it nobody can hand anything back: then the lease runs out
        assert leases_run_out(private) == expired


@pytest.mark.parametrize("find", [horses, encoders])
def test_the_work_itself_is_killed(private: System, bob: httpx.Client, find: Callable[[System], list[int]]) -> None:
    before, expired = videos_of(bob), leases_run_out(private)
    preparing = begin_transcode(private, bob)
    wait_until(lambda: find(private), "somebody encodes")
    victims = find(private)
    strike(victims, signal.SIGKILL)
    assert victims
    assert_all_is_well(private, bob, before, {preparing})
    assert leases_run_out(private) == expired
    assert max(task["attempt"] for task in tasks_of(private, preparing)) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_worker_that_goes_hands_its_task_back_untouched(
    private: System, bob: httpx.Client, number: signal.Signals
) -> None:
    before, expired = videos_of(bob), leases_run_out(private)
    preparing = begin_transcode(private, bob)
    owners = {task["lease_owner"] for task in tasks_of(private, preparing) if task["queue"] == "heavy"} - {None}
    assert owners
    for owner in owners:
        kernel.send(int(owner.rpartition(":")[2]), number)
    assert_all_is_well(private, bob, before, {preparing})
    assert leases_run_out(private) == expired
    tasks = tasks_of(private, preparing)
    assert {task["attempt"] for task in tasks} == {1}
    assert max(task["fence"] for task in tasks) == 2  # somebody did take over


def test_the_processes_that_answer_are_killed_in_the_middle_of_an_upload(private: System, bob: httpx.Client) -> None:
    """gunicorn itself lives on; what the upload had brought so far is there, and what follows begins behind it."""
    before = videos_of(bob)
    uploaded = upload_through(private, bob, lambda: strike(web_workers(private), signal.SIGKILL))
    assert_all_is_well(private, bob, before, {uploaded})


def test_the_launcher_is_killed_and_started_again(private: System, bob: httpx.Client) -> None:
    before = videos_of(bob)
    preparing = begin_transcode(private, bob)

    def strike() -> None:
        private.crash()
        private.start()

    uploaded = upload_through(private, bob, strike)
    assert_all_is_well(private, bob, before, {preparing, uploaded})


def test_redis_forgets_everything(private: System, bob: httpx.Client) -> None:
    before = videos_of(bob)
    preparing = begin_transcode(private, bob)
    redis = Redis(unix_socket_path=str(private.settings.redis.socket))
    uploaded = upload_through(private, bob, redis.flushall)
    assert_all_is_well(private, bob, before, {preparing, uploaded})


def test_redis_and_rabbitmq_lose_their_folders_while_everything_is_stopped(private: System, bob: httpx.Client) -> None:
    before = videos_of(bob)
    preparing = begin_transcode(private, bob)

    def strike() -> None:
        private.stop()
        for folder in ("redis", "rabbitmq"):
            shutil.rmtree(private.home.root / folder)
        private.start()

    uploaded = upload_through(private, bob, strike)
    assert_all_is_well(private, bob, before, {preparing, uploaded})
