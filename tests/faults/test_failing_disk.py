"""The disk refuses one call: whichever it is, nobody is told of a success, and trying again brings everything."""

from __future__ import annotations

import errno
import io
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.cli import tus
from server.domain.ids import new_id
from server.domain.task import Queue, Task
from server.launcher.system import System
from server.storage.incoming import Incoming
from server.storage.layout import Layout
from server.store import tasks
from server.store.database import rows, transaction
from tests import cast, clips
from tests.faults.story import tasks_of, wait_until
from tests.integration.scrub.conftest import house, postgresql, settings
from tests.integration.scrub.house import House

__all__ = ["house", "postgresql", "settings"]

# Every call by which something is made durable or gets its name; Path's methods end in these.
CALLS = ("fsync", "rename", "replace", "link", "mkdir", "pwrite", "ftruncate")


class Disk:
    """Refuses the call number `when` of all of CALLS; `refused` is its name afterwards."""

    def __init__(self, when: int) -> None:
        self._left = when
        self.refused: str | None = None

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0:
                self.refused = name
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return call(*arguments, **named)

        return guarded


@contextmanager
def failing(when: int) -> Iterator[Disk]:
    disk = Disk(when)
    with pytest.MonkeyPatch.context() as patch:
        for name in CALLS:
            patch.setattr(os, name, disk.wrap(name, getattr(os, name)))
        yield disk


def claim(house: House) -> Task:
    while (task := house.container.tasks.claim(Queue.HEAVY, "worker")) is not None:
        if "renditions" in task.spec:
            return task
        house.perform(task, b"init")
    raise AssertionError("no piece waits")


def test_whichever_call_fails_no_piece_is_done_and_the_next_attempt_publishes_all_of_it(house: House) -> None:
    film = house.film()
    refused = []
    for when in range(1, 100):
        with transaction():
            pieces = [task["id"] for task in tasks_in(film, "done") if task["spec"].get("renditions")]
            tasks.again(pieces[:1])
        task = claim(house)
        with failing(when) as disk, suppress(OSError):
            house.perform(task, b"init")
        if disk.refused is None:
            break
        refused.append(disk.refused)
        with transaction():
            assert [row["id"] for row in tasks_in(film, "running")] == [task.id]
            tasks.release(task.id, task.fence)
        house.work()
        assert house.tasks(film, "done")
    assert {"fsync", "replace"} <= set(refused)
    assert disk.refused is None
    run = house.scrub(film)
    assert (run["missing"], run["rotten"]) == (0, 0)


def tasks_in(film: str, state: str) -> list[dict[str, Any]]:
    return rows("SELECT * FROM tasks WHERE video_id = %s AND state = %s ORDER BY id", film, state)


def test_whichever_call_fails_an_upload_is_neither_lost_nor_taken_for_whole(tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    for when in range(1, 100):
        layout = Layout(tmp_path / str(when))
        incoming, upload = Incoming(layout), new_id()
        layout.incoming.mkdir(parents=True)
        with failing(when) as disk:
            try:
                incoming.create(upload)
                acknowledged = incoming.append(upload, 0, len(content), io.BytesIO(content))
            except OSError:
                acknowledged = 0
        assert acknowledged in (0, len(content))
        if disk.refused is None:
            break
        assert acknowledged == 0 or disk.refused == "mkdir"  # of a folder that is there
        arrived = incoming.length(upload)
        assert arrived is not None
        if arrived < len(content):
            incoming.append(upload, arrived, len(content), io.BytesIO(content[arrived:]))
        assert layout.spool(upload).read_bytes() == content
    assert disk.refused is None
    assert acknowledged == len(content)


def strace_missing() -> str | None:
    """Say why no call can be made to fail from outside, found out by trying; None if it can."""
    command = ("strace", "-f", "-e", "trace=fsync", "-e", "inject=fsync:error=EIO", "-o", os.devnull)
    probe = "import os\ntry: os.fsync(os.open('/', os.O_RDONLY))\nexcept OSError as error: print(error.errno)"
    try:
        done = subprocess.run([*command, "python3", "-c", probe], capture_output=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return f"strace cannot be used here: {error}"
    return None if done.stdout.strip() == str(errno.EIO).encode() else "strace injects no errors here"


@contextmanager
def refusing(pid: int, log: Path, when: int) -> Iterator[None]:
    """In the process `pid` and each of its children to come, refuse the fsync of this number."""
    inject = f"inject=fsync:error=EIO:when={when}"
    command = ["strace", "-f", "-e", "trace=fsync", "-e", inject, "-o", str(log), "-p", str(pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert tracer.stderr is not None
    assert b"attached" in tracer.stderr.readline()
    try:
        yield
    finally:
        tracer.terminate()
        tracer.wait(10)
        tracer.stderr.close()


@pytest.mark.skipif(strace_missing() is not None, reason=str(strace_missing()))
def test_a_worker_whose_fsync_fails_reports_no_success(private: System, bob: httpx.Client, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    with refusing(private.pid("heavy-1"), log, when=3):
        film = tus.send(bob, clips.carphone(), lambda _: None)
        video = cast.settled(bob, film)
        wait_until(lambda: "INJECTED" in log.read_text(), "a call was refused")
    assert video["state"] == "ready"
    wait_until(lambda: {task["state"] for task in tasks_of(private, film)} == {"done"}, "all is done")
    assert max(task["attempt"] for task in tasks_of(private, film)) > 1
    with cast.client(private, cast.ALICE) as alice:
        asked = alice.post("/api/v1/scrub", params={"video": film}).raise_for_status().json()["id"]

        def run() -> dict[str, Any]:
            runs = alice.get("/api/v1/scrub").raise_for_status().json()["runs"]
            return dict(next(run for run in runs if run["id"] == asked))

        wait_until(lambda: run()["finished_at"], "the film is checked")
        assert (run()["missing"], run()["rotten"], run()["trouble"]) == (0, 0, None)
        assert run()["files"] > 4
