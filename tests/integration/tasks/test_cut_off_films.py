"""A file that ends before it promised: what is behind its end is neither published nor waited for."""

from __future__ import annotations

from fractions import Fraction

import pytest

from server.container import Container
from server.domain.ids import new_id
from server.domain.source import Source, VideoTrack
from server.domain.task import NewTask, Priority, Queue, TaskKind
from server.domain.video import Video, VideoState
from server.errors import NotFound
from server.storage.layout import Part
from server.store import tasks, videos
from server.store.database import transaction

PICTURE = VideoTrack(
    0, "h264", 640, 360, 640 * 360, Fraction(25), Fraction(1, 12800), "yuv420p", 0, Fraction(0), Fraction(20)
)
FILM = Source("mov", Fraction(20), 1000, PICTURE, ())


@pytest.fixture
def container(scratch):
    return Container(scratch)


@pytest.fixture
def film(container, bob):
    """The id of a film of five segments, with its plan made."""
    video_id = new_id()
    container.layout.original(video_id).parent.mkdir(parents=True)
    with transaction():
        videos.create(video_id, bob, "Film", "film.mp4", 1)
        tasks.create(video_id, [NewTask(TaskKind.PLAN, "plan", Priority.FIRST)])
    container.preparation.begin(container.tasks.claim(Queue.LIGHT, "planner"), FILM)
    yield video_id
    container.library.remove_video(video_id)


def _video(film: str) -> Video:
    with transaction():
        video = videos.get(film)
    assert video is not None
    return video


def _publish(container, task, *, whole: bool):
    """Publish the piece of `task`, with all its segments or without any."""
    folder = container.library.prepare_attempt(task.id, task.fence)
    _, made, piece = container.preparation.piece(task)
    names = [f"{number:05d}.m4s" for number in range(piece.first, piece.first + piece.count)]
    for name in ("init.mp4", *names) if whole else ():
        (folder / name).write_bytes(made.name.encode())
    codecs = "avc1.64001e" if whole else ""
    ended = None if whole else piece.start
    container.preparation.publish_piece(task, made, folder, codecs, piece.count if whole else 0, ended)
    container.library.discard_attempt(task.id, task.fence)
    return made.name, piece


def test_a_film_that_ends_early_is_ready_without_what_is_behind_its_end(container, film):
    behind: list[Part] = []
    while (task := container.tasks.claim(Queue.HEAVY, "worker")) is not None:
        name, piece = _publish(container, task, whole=task.spec["first"] == 0)
        if piece.first:
            behind.append(Part(film, name, piece.first))
    video = _video(film)
    assert (video.state, video.playable) == (VideoState.READY, True)
    assert behind
    for part in behind:
        with pytest.raises(NotFound):
            container.playback.await_part(part)


def test_a_piece_without_pictures_makes_no_film_playable(container, film):
    first, second = container.tasks.claim(Queue.HEAVY, "one"), container.tasks.claim(Queue.HEAVY, "two")
    assert first.spec["first"] == 0
    while second.spec["first"] == 0:
        second = container.tasks.claim(Queue.HEAVY, "two")
    _publish(container, second, whole=False)
    assert not _video(film).playable
    _publish(container, first, whole=True)
    assert _video(film).playable
    assert (container.layout.hls(film) / "main.m3u8").exists()
