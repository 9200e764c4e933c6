"""A file that ends before it promised: what is behind its end is neither published nor waited for."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from server.domain.handover import MadePiece
from server.domain.source import Source
from server.domain.task import Queue, TaskKind
from server.domain.video import Video, VideoState
from server.errors import NotFound
from server.storage.layout import Part
from server.store import videos
from server.store.database import transaction
from tests.integration.tasks.conftest import planned
from tests.unit.domain.test_source import VIDEO

PICTURE = replace(VIDEO, width=640, height=360, frame_rate=Fraction(25), duration=Fraction(20))
FILM = Source("mov", Fraction(20), 1000, PICTURE, ())


@pytest.fixture
def film(container, bob):
    """The id of a film of five segments, with its plan made."""
    video_id = planned(container, bob, FILM)
    yield video_id
    container.library.remove_video(video_id)


def _video(film: str) -> Video:
    with transaction():
        video = videos.get(film)
    assert video is not None
    return video


def _publish(container, task, *, whole: bool):
    """Publish the pieces of `task`, with all their segments or without any."""
    folder = container.library.prepare_attempt(task.id, task.fence)
    assignment = container.preparation.assignment(task)
    piece = assignment.piece
    names = [f"{number:05d}.m4s" for number in range(piece.first, piece.first + piece.count)]
    made = []
    for one in assignment.renditions:
        (folder / one.name).mkdir()
        for name in ("init.mp4", *names) if whole else ():
            (folder / one.name / name).write_bytes(one.name.encode())
        ended = None if whole else piece.start
        made.append(MadePiece(one.name, "avc1.64001e" if whole else "", piece.count if whole else 0, ended))
    container.preparation.publish(task, folder, made)
    container.library.discard_attempt(task.id, task.fence)
    return made[0].rendition, piece


def _claim(container, owner: str):
    """The next piece of pictures."""
    while (task := container.tasks.claim(Queue.HEAVY, owner)) is not None and task.kind is not TaskKind.VIDEO_PIECE:
        pass
    return task


def test_a_film_that_ends_early_is_ready_without_what_is_behind_its_end(container, film):
    behind: list[Part] = []
    while (task := _claim(container, "worker")) is not None:
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
    first, second = _claim(container, "one"), _claim(container, "two")
    assert first.spec["first"] == 0
    while second.spec["first"] == 0:
        second = _claim(container, "two")
    _publish(container, second, whole=False)
    assert not _video(film).playable
    _publish(container, first, whole=True)
    assert _video(film).playable
    assert (container.layout.hls(film) / "main.m3u8").exists()
