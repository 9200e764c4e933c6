"""A remux changes a plan only while nobody has begun to encode the largest rendition."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from server.domain.ids import new_id
from server.domain.passage import NOTHING, PicturePassage
from server.domain.remux import HOLD_SECONDS, replacement
from server.domain.source import Source
from server.domain.task import NewTask, Priority, Queue, TaskKind, TaskState
from server.domain.video import Video
from server.errors import NoSpace
from server.services.remux import Remuxes
from server.storage.layout import Part
from server.store import tasks, videos
from server.store.database import changed, rows, transaction
from tests.unit.domain.test_plan import LONG
from workers.media.mp4.refusal import NotCopyable

CUTS = tuple(Fraction(11 * number, 3) for number in range(163))
PICTURE = PicturePassage(CUTS, Fraction(600), 9_000_000, 8_000_000, "avc1.640028")
FILM = replace(LONG, container="matroska,webm", size=1)
assert FILM.video is not None
SMALL = replace(FILM, video=replace(FILM.video, width=256, height=240, stored_width=256, stored_height=240))


@pytest.fixture
def films(container, bob):
    made: list[str] = []

    def plan(source: Source) -> str:
        video_id = new_id()
        container.layout.original(video_id).parent.mkdir(parents=True)
        container.layout.original(video_id).write_bytes(b"as it was uploaded")
        with transaction():
            videos.create(video_id, bob, "Film", "film.mkv", 1)
            tasks.create(video_id, [NewTask(TaskKind.PLAN, "plan", Priority.FIRST)])
        container.preparation.begin(container.tasks.claim(Queue.LIGHT, "planner"), source, NOTHING)
        made.append(video_id)
        return video_id

    yield plan
    for video_id in made:
        container.library.remove_video(video_id)


@pytest.fixture
def film(films):
    return films(FILM)


def _claim(container, kind, first=None):
    while (task := container.tasks.claim(Queue.HEAVY, "worker")) is not None:
        if task.kind is kind and (first is None or task.spec["renditions"][0] == first):
            return task
    raise AssertionError(f"there is no {kind}")


def _video(film: str) -> Video:
    with transaction():
        video = videos.get(film)
    assert video is not None
    return video


def _waiting(film: str) -> set[tuple[str, ...]]:
    """The groups of which a piece may be begun now."""
    with transaction():
        found = rows(
            "SELECT DISTINCT spec->'renditions' AS names FROM tasks WHERE video_id = %s AND spec ? 'renditions' "
            "AND state = 'queued' AND not_before <= now()",
            film,
        )
    return {tuple(row["names"]) for row in found}


def _settle(container, task, picture=PICTURE):
    """Do what the job does, with made-up bytes."""
    remuxes = container.remuxes
    made = replacement(container.preparation.planned(task), picture)
    assert made is not None
    folder = container.library.prepare_attempt(task.id, task.fence)
    taken = remuxes.take_over(task, made)
    if taken is not None:
        (folder / made.name).mkdir()
        for name in ("init.mp4", *(f"{number:05d}.m4s" for number in range(len(picture.cuts)))):
            (folder / made.name / name).write_bytes(b"copied " + name.encode())
        remuxes.publish(taken, folder, picture.codecs)
    container.library.discard_attempt(task.id, task.fence)
    return taken


def test_the_rungs_in_question_wait_for_the_remux_and_no_others_do(container, film):
    assert _waiting(film) == {("v360",), ("a1",)}
    task = _claim(container, TaskKind.REMUX)
    assert container.remuxes.begin(task) is not None
    assert ("v480", "v720", "v1080") not in _waiting(film)


def test_the_largest_rendition_becomes_the_film_itself(container, film):
    task = _claim(container, TaskKind.REMUX)
    assert container.remuxes.begin(task) is not None
    assert _settle(container, task) is not None
    assert ("v480", "v720") in _waiting(film)
    hls = container.layout.hls(film)
    assert "v1080/index.m3u8" in (hls / "main.m3u8").read_text()
    playlist = (hls / "v1080" / "index.m3u8").read_text()
    assert playlist.count("#EXTINF:") == len(CUTS)
    assert "#EXTINF:3.666667,\n00000.m4s" in playlist
    assert (hls / "v1080" / "00162.m4s").read_bytes() == b"copied 00162.m4s"
    (top,) = [one for one in _video(film).renditions if one.name == "v1080"]
    assert (top.done, top.total) == (1, 1)
    piece = _claim(container, TaskKind.VIDEO_PIECE, "v480")
    assignment = container.preparation.assignment(piece)
    assert [made.name for made in assignment.renditions] == ["v480", "v720"]
    assert (assignment.piece.first, assignment.piece.count) == (piece.spec["first"], piece.spec["count"])


def test_a_rendition_that_somebody_has_begun_stays_as_it_is(container, film):
    task = _claim(container, TaskKind.REMUX)
    assert container.remuxes.begin(task) is not None
    assert container.playback._is_coming(Part(film, "v1080", 7))  # somebody asks for it by its address
    begun = _claim(container, TaskKind.VIDEO_PIECE, "v480")
    before = (container.layout.rendition(film, "v1080") / "index.m3u8").read_text()
    assert _settle(container, task) is None
    assert [made.name for made in container.preparation.assignment(begun).renditions] == ["v480", "v720", "v1080"]
    assert (container.layout.rendition(film, "v1080") / "index.m3u8").read_text() == before
    assert not (container.layout.rendition(film, "v1080") / "init.mp4").exists()


def test_a_remux_that_comes_too_late_is_not_even_begun(container, film):
    task = _claim(container, TaskKind.REMUX)
    with transaction():
        changed("UPDATE tasks SET attempt = 1 WHERE video_id = %s AND spec->'renditions' ? 'v1080' AND start > 9", film)
    assert container.remuxes.begin(task) is None
    with transaction():
        assert rows("SELECT state FROM tasks WHERE id = %s", task.id)[0]["state"] == TaskState.DONE


def test_a_film_that_cannot_be_cut_goes_on_at_once_and_nobody_is_told_of_a_failure(container, film):
    task = _claim(container, TaskKind.REMUX)
    container.remuxes.begin(task)
    container.remuxes.leave(task, NotCopyable("Key frames are too far apart."))
    assert ("v480", "v720", "v1080") in _waiting(film)
    with transaction():
        assert rows("SELECT id FROM tasks WHERE state = 'failed'") == []
    assert _video(film).error is None


def test_a_remux_that_never_ends_holds_nothing_up_for_longer_than_its_time(container, film):
    container.remuxes.begin(_claim(container, TaskKind.REMUX))
    with transaction():
        (row,) = rows(
            "SELECT max(extract(epoch FROM not_before - now()))::float AS wait FROM tasks WHERE video_id = %s", film
        )
    assert 0 < row["wait"] <= HOLD_SECONDS


def test_a_rung_that_would_be_encoded_alone_is_not_encoded_at_all(container, films):
    film = films(SMALL)
    assert _settle(container, _claim(container, TaskKind.REMUX)) is not None
    with transaction():
        kinds = rows("SELECT DISTINCT kind FROM tasks WHERE video_id = %s AND spec->'renditions' ? 'v240'", film)
    assert kinds == [{"kind": "remux"}]


def test_a_lost_segment_is_the_business_of_the_remux(container, film):
    task = _claim(container, TaskKind.REMUX)
    _settle(container, task)
    (container.layout.rendition(film, "v1080") / "00007.m4s").unlink()
    assert container.playback._is_coming(Part(film, "v1080", 7))
    again = container.tasks.claim(Queue.HEAVY, "worker")
    assert (again.id, again.kind, again.spec["renditions"]) == (task.id, TaskKind.REMUX, ["v1080"])


@pytest.mark.usefixtures("film")
def test_where_there_is_no_room_the_film_is_encoded(container):
    plan = container.remuxes.begin(_claim(container, TaskKind.REMUX))
    full = Remuxes(container.preparation, container.layout, 1 << 62, container.doorbell)
    with pytest.raises(NoSpace):
        full.require_room(plan)
    container.remuxes.require_room(plan)
