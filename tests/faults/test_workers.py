"""Workers that die in the middle, again and again, freeze, or lose their way to PostgreSQL and Redis."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.cli import tus
from server.launcher.home import ROOT
from server.launcher.system import System
from server.settings import ENVIRONMENT_NAME
from tests import clips
from tests.faults.oracle import Oracle, watching
from tests.faults.partition import Partition
from tests.faults.story import begin_transcode, leases_run_out, tasks_of, wait_until
from tests.faults.victims import encoders, family, horses, strike

STRIKES = 6
LEAVES_WITHIN_SECONDS = 10.0


@pytest.fixture
def oracle(private: System, bob: httpx.Client) -> Iterator[Oracle]:
    with watching(private, bob) as oracle:
        yield oracle


def begin_long_transcode(bob: httpx.Client) -> str:
    """Upload a film of half a minute of which every picture must be encoded, and return its id."""
    return tus.send(bob, clips.must_be_encoded(30), lambda _: None)


def running(private: System, video_id: str, owner: int | None = None) -> list[dict[str, Any]]:
    """The heavy tasks that somebody works on at this moment, or that worker `owner` does."""
    found = [task for task in tasks_of(private, video_id) if (task["state"], task["queue"]) == ("running", "heavy")]
    return [task for task in found if owner is None or worker_of(task) == owner]


def worker_of(task: dict[str, Any]) -> int:
    return int(task["lease_owner"].rpartition(":")[2])


def test_work_horses_are_killed_again_and_again(private: System, bob: httpx.Client, oracle: Oracle) -> None:
    chance = random.Random(1)  # noqa: S311  # moments to strike at, not a secret
    expired = leases_run_out(private)
    video_id = begin_long_transcode(bob)
    struck = 0
    for _ in range(STRIKES):
        wait_until(lambda: horses(private) or is_over(private, video_id), "somebody encodes")
        time.sleep(chance.uniform(0.0, 1.5))  # the fault itself: any moment of the work
        at_risk = {worker_of(task) for task in running(private, video_id) if task["attempt"] >= 3}
        victims = [pid for worker in workers(private) - at_risk for pid in family(worker)[:1]]
        strike(victims, signal.SIGKILL)
        struck += len(victims)
    assert struck
    oracle.judge(video_id)
    assert leases_run_out(private) == expired  # the worker saw it at once; no lease had to run out


def workers(private: System) -> set[int]:
    return {part["pid"] for part in private.status()["parts"] if part["name"].startswith("heavy-")}


def is_over(private: System, video_id: str) -> bool:
    return all(task["state"] in ("done", "failed") for task in tasks_of(private, video_id))


def test_what_a_killed_encoder_said_last_is_kept(private: System, bob: httpx.Client, oracle: Oracle) -> None:
    video_id = begin_transcode(private, bob)
    wait_until(lambda: encoders(private), "somebody encodes")
    strike(encoders(private), signal.SIGKILL)
    oracle.judge(video_id)
    assert "ffmpeg ended with status 137" in "".join(log.read_text() for log in private.home.logs.glob("heavy-*.log"))


def test_a_worker_that_freezes_beyond_its_lease_publishes_nothing_when_it_wakes(
    private: System, bob: httpx.Client, oracle: Oracle
) -> None:
    video_id = begin_long_transcode(bob)
    wait_until(lambda: running(private, video_id), "somebody encodes")
    held = running(private, video_id)[0]
    worker = worker_of(held)
    frozen = [*family(worker), worker]
    strike(frozen, signal.SIGSTOP)
    try:
        wait_until(lambda: task_of(private, held)["fence"] > held["fence"], "somebody else takes over")
        wait_until(lambda: task_of(private, held)["state"] == "done", "somebody else has finished it")
        fence = task_of(private, held)["fence"]
    finally:
        strike(frozen, signal.SIGCONT)
    oracle.judge(video_id)
    assert task_of(private, held)["fence"] == fence


def task_of(private: System, task: dict[str, Any]) -> dict[str, Any]:
    return next(one for one in tasks_of(private, task["video_id"]) if one["id"] == task["id"])


@contextmanager
def remote_worker(private: System, ways: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One more encoding worker, whose ways to PostgreSQL and Redis lead through the sockets in `ways`."""
    written = private.home.settings.read_text()
    settings = ways / "matinee.toml"
    redis = private.settings.redis.socket
    settings.write_text(
        written.replace(f'socket = "{redis}"', f'socket = "{ways / redis.name}"').replace(
            f'host = "{private.settings.database.host}"', f'host = "{ways}"'
        )
    )
    command = [sys.executable, "-m", "workers.main", "heavy"]
    environment = {**os.environ, ENVIRONMENT_NAME: str(settings)}
    with log.open("wb") as said:
        worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)
    try:
        yield worker
    finally:
        worker.terminate()
        worker.wait(LEAVES_WITHIN_SECONDS)


def test_a_worker_that_loses_its_way_to_the_database_is_replaced_and_comes_back(
    private: System, bob: httpx.Client, oracle: Oracle, tmp_path: Path
) -> None:
    log = tmp_path / "worker.log"
    with ExitStack() as stack:
        ways = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis, port = private.settings.redis.socket, private.settings.database.port
        postgresql = Path(private.settings.database.host) / f".s.PGSQL.{port}"
        cuts = [stack.enter_context(Partition(ways / there.name, there)) for there in (redis, postgresql)]
        worker = stack.enter_context(remote_worker(private, ways, log))
        video_id = begin_long_transcode(bob)
        wait_until(lambda: running(private, video_id, worker.pid), f"it gets a task: {log.read_text()}")
        for way in cuts:
            way.cut()
        held = running(private, video_id, worker.pid)
        assert held, "it was faster than the cut"
        wait_until(lambda: task_of(private, held[0])["fence"] > held[0]["fence"], "somebody else takes over")
        wait_until(lambda: task_of(private, held[0])["state"] == "done", "somebody else has finished it")
        for way in cuts:
            way.heal()
        oracle.judge(video_id)
        assert task_of(private, held[0])["fence"] == held[0]["fence"] + 1
        again = begin_long_transcode(bob)
        wait_until(lambda: running(private, again, worker.pid), f"it works again: {log.read_text()}")
        oracle.judge(video_id, again)
    assert worker.returncode == 0, log.read_text()
