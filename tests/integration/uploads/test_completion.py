"""Killed at any instruction of the way from the last byte to the video: one video comes of it, with the same bytes."""

from __future__ import annotations

import io
import os
import random
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.domain.upload import UploadState
from server.errors import MatineeError
from server.services.videos import Videos
from server.storage import incoming, library
from server.storage.library import Library
from server.store import database, tasks, uploads, videos

FILM = random.Random(7).randbytes(300_000)  # noqa: S311  # repeatable, not secret
HALF = len(FILM) // 2

# Every step from the bytes to the ring, as (owner, name, which call of it).
STEPS = {
    "a piece is written": (incoming, "_write", 1),
    "the bytes are synced": (os, "fsync", 1),
    "the row is held": (uploads, "lock", 1),
    "the video has a row": (videos, "create", 1),
    "the plan is a task": (tasks, "create", 1),
    "the upload is marked complete": (uploads, "complete", 1),
    "the folder is made": (library, "make_folder", 1),
    "the file is synced": (library, "sync", 1),
    "the file is renamed": (Path, "rename", 1),
    "the folder is synced": (library, "sync", 2),
    "the original is published": (Library, "publish_original", 1),
}


def finish_and_die(service, bob, upload_id, monkeypatch, step, after):
    """Send the second half in a process of its own, which is killed before or after a step."""
    database.close()
    child = os.fork()
    if child == 0:
        owner, name, number = step
        original = getattr(owner, name)
        calls = 0

        def deadly(*arguments, **named):
            nonlocal calls
            calls += 1
            if calls == number and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = original(*arguments, **named)
            if calls == number and after:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        monkeypatch.setattr(owner, name, deadly)
        try:
            service.receive(bob, upload_id, HALF, io.BytesIO(FILM[HALF:]))
        finally:
            os._exit(1)  # the step was never reached
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the process lived on: the step was never reached"
    assert os.WTERMSIG(status) == signal.SIGKILL


def assert_one_video(layout, upload_id):
    with database.transaction():
        upload = uploads.get(upload_id)
        made = database.rows("SELECT id FROM videos")
        planned = database.rows("SELECT video_id FROM tasks WHERE kind = 'plan'")
        told = database.rows("SELECT subject FROM outbox")
    assert upload is not None
    assert upload.state is UploadState.COMPLETE
    assert made == [{"id": upload.video_id}]
    assert planned == [{"video_id": upload.video_id}]
    assert told == [{"subject": f"videos/{upload.video_id}"}]
    files = [path for path in layout.root.rglob("*") if path.is_file()]
    assert files == [layout.original(upload.video_id)]
    assert files[0].read_bytes() == FILM


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("healer", ["the sweeper repairs", "the client comes back"])
def test_killed_at_any_step_it_becomes_one_video(service, layout, bob, monkeypatch, step, after, healer):
    upload = service.create(bob, "film", len(FILM))
    service.receive(bob, upload.id, 0, io.BytesIO(FILM[:HALF]))
    finish_and_die(service, bob, upload.id, monkeypatch, STEPS[step], after)
    if healer == "the sweeper repairs":
        service.repair()
    receipt = service.status(bob, upload.id)
    if receipt.offset < len(FILM):
        assert receipt.upload.state is UploadState.RECEIVING
        service.receive(bob, upload.id, receipt.offset, io.BytesIO(FILM[receipt.offset :]))
    assert_one_video(layout, upload.id)
    service.repair()
    assert_one_video(layout, upload.id)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_the_commit_it_becomes_one_video(service, layout, bob, monkeypatch, after):
    upload = service.create(bob, "film", len(FILM))
    service.receive(bob, upload.id, 0, io.BytesIO(FILM[:HALF]))
    # The fourth commit of a request: after the look at the row and the two that put its expiry off.
    finish_and_die(service, bob, upload.id, monkeypatch, (type(database.database.obj), "commit", 4), after)
    assert layout.original(upload.id).exists()
    with database.transaction():
        assert (videos.get(upload.id) is not None) == after
    service.repair()
    assert_one_video(layout, upload.id)


@pytest.mark.parametrize("step", [step for step in STEPS if STEPS[step][0] not in (os, Path)])
def test_a_step_that_fails_is_made_good_by_the_next_look(service, layout, bob, monkeypatch, step):
    owner, name, _ = STEPS[step]
    upload = service.create(bob, "film", len(FILM))
    service.receive(bob, upload.id, 0, io.BytesIO(FILM[:HALF]))
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, lambda *_, **__: (_ for _ in ()).throw(OSError(5, "the disk is ill")))
        with pytest.raises((OSError, MatineeError)):
            service.receive(bob, upload.id, HALF, io.BytesIO(FILM[HALF:]))
    receipt = service.status(bob, upload.id)
    if receipt.offset < len(FILM):
        service.receive(bob, upload.id, receipt.offset, io.BytesIO(FILM[receipt.offset :]))
    assert_one_video(layout, upload.id)


def test_many_who_finish_one_upload_at_once_make_one_video(service, layout, bob):
    upload = service.create(bob, "film", len(FILM))
    layout.spool(upload.id).write_bytes(FILM)
    with ThreadPoolExecutor(8) as pool:
        looks = [pool.submit(service.status, bob, upload.id) for _ in range(12)]
        repairs = [pool.submit(service.repair) for _ in range(4)]
    assert {look.result().upload.video_id for look in looks} == {upload.id}
    assert sum(len(repair.result().finished) for repair in repairs) <= 4
    assert_one_video(layout, upload.id)


def test_an_upload_published_but_not_committed_can_still_be_ended(service, layout, bob, monkeypatch):
    upload = service.create(bob, "film", len(FILM))
    service.receive(bob, upload.id, 0, io.BytesIO(FILM[:HALF]))
    finish_and_die(service, bob, upload.id, monkeypatch, STEPS["the file is renamed"], after=True)
    service.terminate(bob, upload.id)
    assert [path for path in layout.root.rglob("*") if path.is_file()] == []


def test_the_tidying_of_the_library_spares_what_is_published_but_not_committed(service, layout, bob, monkeypatch):
    upload = service.create(bob, "film", len(FILM))
    service.receive(bob, upload.id, 0, io.BytesIO(FILM[:HALF]))
    finish_and_die(service, bob, upload.id, monkeypatch, STEPS["the file is renamed"], after=True)
    os.utime(layout.video(upload.id), (0, 0))
    tidying = Videos(Library(layout))
    assert tidying.repair() == []
    service.repair()
    assert_one_video(layout, upload.id)
    assert tidying.repair() == []


def test_bytes_that_the_disk_lost_are_said_to_be_gone(service, layout, bob):
    upload = service.create(bob, "film", 5)
    layout.spool(upload.id).unlink()
    with pytest.raises(MatineeError) as refusal:
        service.status(bob, upload.id)
    assert refusal.value.code == "gone.lost"
