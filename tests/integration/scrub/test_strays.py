"""What belongs to nothing goes to the quarantine, and nothing else does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from server import settings as tree
from server.domain.ids import new_id
from server.errors import Forbidden, NotFound
from server.services import strays
from server.services.scrub import Scrub
from server.store import artifacts, uploads
from server.store.database import changed, rows, transaction


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch):
    """An hour passes for files that lie around: their time of change cannot be set."""
    monkeypatch.setattr(strays, "GRACE_SECONDS", -1.0)


def put(path: Path, data: bytes = b"?") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def finish(scrub: Scrub, pause: Callable[[float], None]) -> None:
    while scrub.work(pause):
        pass


@pytest.mark.usefixtures("later")
def test_strays_of_every_kind_are_set_aside_with_their_bytes(house, tmp_path):
    film = house.film()
    layout = house.layout
    outside = put(tmp_path / "outside" / "precious")
    unknown = [
        put(layout.hls(film) / "v360" / "99999.m4s"),
        put(layout.hls(film) / ".main.m3u8.0a1b2c3d"),
        put(layout.videos / "notes.txt"),
        put(layout.incoming / "half.part"),
        put(layout.work / "tmp" / "x"),
        put(layout.videos / new_id() / "original"),
    ]
    (layout.hls(film) / "link").symlink_to(outside.parent)
    os.mkfifo(layout.video(film) / "pipe")
    everything = {path for path in layout.video(film).rglob("*") if path.is_file() and path not in unknown}
    run = house.scrub()
    assert run["unknown"] == len(unknown) + 2
    names = [str(path.relative_to(layout.root)) for path in unknown]
    names += [f"videos/{film}/hls/link", f"videos/{film}/pipe"]
    assert house.quarantined() == sorted(names)
    assert outside.exists()
    assert {path for path in layout.video(film).rglob("*") if path.is_file()} == everything
    assert house.scrub()["unknown"] == 0


def test_what_has_just_changed_may_be_about_to_be_recorded(house):
    film = house.film()
    fresh = put(house.layout.hls(film) / "v360" / "99999.m4s")
    arriving = put(house.layout.videos / new_id() / "original")
    assert house.scrub()["unknown"] == 0
    assert fresh.exists()
    assert arriving.exists()


@pytest.mark.usefixtures("later")
def test_the_bytes_of_an_upload_that_is_being_finished_are_no_stray(house):
    upload = new_id()
    put(house.layout.original(upload))
    with transaction():
        uploads.create(upload, house.bob.id, "film.mp4", 1, 3600)
    assert house.scrub()["unknown"] == 0


@pytest.mark.usefixtures("later")
def test_attempts_at_work_are_left_to_the_library(house):
    folder = house.container.library.prepare_attempt(7, 1)
    put(folder / "v480" / "init.mp4")
    assert house.scrub()["unknown"] == 0


@pytest.mark.usefixtures("later")
def test_a_film_from_before_the_manifest_is_taken_into_it_as_it_is(house):
    film, other = house.film(), house.film()
    shutil.rmtree(house.layout.video(film) / "posters")  # there was one picture then
    put(house.layout.poster(film))
    with transaction():
        known = rows("SELECT * FROM artifacts WHERE video_id = %s", film)
        before = {row["path"]: row for row in known if not row["path"].startswith("posters/")}
        changed("DELETE FROM artifacts WHERE video_id = %s", film)
    assert house.scrub()["unknown"] == 0
    with transaction():
        after = {row["path"]: row for row in rows("SELECT * FROM artifacts WHERE video_id = %s", film)}
        assert artifacts.videos() == {film, other}
    told = ("kind", "size", "content")
    assert {path: [row[name] for name in told] for path, row in after.items()} == {
        path: [row[name] for name in told] for path, row in before.items()
    } | {"poster.jpg": ["extra", 1, None]}
    makers = {path for path, row in after.items() if row["task_id"]}
    assert makers == {path for path, row in before.items() if row["task_id"]}
    next(house.layout.hls(film).glob("*/00001.m4s")).unlink()
    assert house.scrub()["remade"] == 1


@pytest.mark.usefixtures("later")
def test_a_run_over_one_film_looks_at_no_other(house):
    film, other = house.film(), house.film()
    put(house.layout.video(other) / "stray")
    next(house.layout.hls(other).glob("*/00001.m4s")).unlink()
    run = house.scrub(film)
    assert (run["video_id"], run["missing"], run["unknown"], run["asked_by"]) == (film, 0, 0, "alice")


def test_a_removed_film_leaves_nothing_behind_in_the_manifest(house):
    film = house.film()
    house.container.videos.remove(house.bob, film)
    with transaction():
        assert rows("SELECT FROM artifacts") == []
    assert house.scrub()["files"] == 0


def test_what_failed_leaves_only_its_original_in_the_manifest(house):
    film = house.film()
    with transaction():
        changed("UPDATE videos SET state = 'preparing'")
        house.container.publication.withdraw(film)
        assert artifacts.paths(film) == {"original"}
    assert [path.name for path in house.layout.video(film).iterdir()] == ["original"]


def test_a_run_is_asked_for_by_administrators_about_films_that_exist(house):
    scrub = house.container.scrub
    for ask in (lambda: scrub.ask(house.bob), lambda: scrub.report(house.bob)):
        with pytest.raises(Forbidden) as refusal:
            ask()
        assert refusal.value.code == "forbidden.scrub"
    for name in (new_id(), "../x"):
        with pytest.raises(NotFound):
            scrub.ask(house.alice, name)
    assert scrub.ask(house.alice)["id"] == scrub.ask(house.alice)["id"]


def test_the_whole_library_is_due_once_a_week(house):
    house.film()
    assert house.container.scrub.work(lambda _: None)
    finish(house.container.scrub, lambda _: None)
    runs = house.container.scrub.report(house.alice)["runs"]
    assert [(run["asked_by"], run["video_id"], bool(run["finished_at"])) for run in runs] == [(None, None, True)]
    with transaction():
        changed("UPDATE scrubs SET asked_at = asked_at - interval '8 days'")
    assert house.container.scrub.work(lambda _: None)
    assert len(house.container.scrub.report(house.alice)["runs"]) == 2


def test_a_run_that_was_interrupted_goes_on_where_it_was(house):
    film = house.film()

    class Killed(BaseException):
        pass

    seen = []

    def pause(_):
        seen.append(1)
        if len(seen) == 5:
            raise Killed

    asked = house.container.scrub.ask(house.alice)
    slow = Scrub(tree.Scrub(bytes_per_second=1), house.layout, house.container.repair, house.container.strays)
    with pytest.raises(Killed):
        finish(slow, pause)
    finish(house.container.scrub, lambda _: None)
    run = next(run for run in house.container.scrub.report(house.alice)["runs"] if run["id"] == asked["id"])
    with transaction():
        assert run["files"] == len(artifacts.paths(film))


@pytest.mark.usefixtures("later")
def test_a_folder_that_a_removal_left_behind_is_set_aside_by_the_sweeper_too(house):
    stray = put(house.layout.videos / new_id() / "original", b"perhaps precious")
    os.utime(stray.parent, (0, 0))
    house.container.videos.repair()
    assert house.quarantined() == [f"videos/{stray.parent.name}/original"]
