"""What the disk has lost is found, and made again alone."""

from __future__ import annotations

import threading
import time

import pytest

from server.domain.task import Priority, Queue, TaskState
from server.domain.video import VideoState
from server.errors import Conflict, Gone, NotFound
from server.services import playback as playing
from server.storage.layout import Part
from server.store import videos
from server.store.database import changed, rows, transaction


def video(video_id):
    with transaction():
        return videos.get(video_id)


def rot(path):
    """Flip one bit, as disks do: neither size nor time of change tell."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def segments(house, film):
    return sorted(house.layout.hls(film).glob("*/*.m4s"))


def test_every_file_of_a_finished_film_stands_in_the_manifest_and_is_found_whole(house):
    film = house.film()
    on_disk = {
        str(path.relative_to(house.layout.video(film)))
        for path in house.layout.video(film).rglob("*")
        if path.is_file()
    }
    with transaction():
        known = {row["path"]: row for row in rows("SELECT * FROM artifacts WHERE video_id = %s", film)}
    assert set(known) == on_disk
    assert {path for path, row in known.items() if row["sha256"] is None} == {"original"}
    assert {row["kind"] for path, row in known.items() if path.endswith(".m4s")} == {"segment"}
    assert all(row["task_id"] for path, row in known.items() if row["kind"] in ("init", "segment", "extra"))
    run = house.scrub()
    assert (run["files"], run["missing"], run["rotten"], run["unknown"]) == (len(on_disk), 0, 0, 0)
    with transaction():
        assert rows("SELECT FROM artifacts WHERE sha256 IS NULL") == []
    assert house.scrub()["files"] == len(on_disk)
    assert house.events("video.damaged") == []


@pytest.mark.parametrize("damage", ["missing", "rotten"])
@pytest.mark.parametrize("file", ["segment", "init", "poster"])
def test_a_lost_file_is_made_again_by_its_own_task_alone(house, damage, file):
    film = house.film()
    path = {
        "segment": segments(house, film)[-1],
        "init": next(house.layout.hls(film).glob("*/init.mp4")),
        "poster": next(house.layout.video(film).glob("posters/*.jpg")),
    }[file]
    before = path.read_bytes()
    rot(path) if damage == "rotten" else path.unlink()
    run = house.scrub()
    assert (run[damage], run["remade"]) == (1, 1)
    assert not path.exists()
    name = str(path.relative_to(house.layout.root))
    assert house.quarantined() == ([name] if damage == "rotten" else [])
    assert len(house.tasks(film, "queued")) == 1
    assert video(film).state is VideoState.READY
    house.work()
    assert path.read_bytes() == before
    assert house.tasks(film, "queued") == []
    again = house.scrub()
    assert (again["missing"], again["rotten"]) == (0, 0)
    (event,) = house.events("video.damaged")
    within = str(path.relative_to(house.layout.video(film)))
    assert event == {"id": film, "path": within, "damage": damage, "remedy": "remake"}


@pytest.mark.parametrize("damage", ["missing", "rotten"])
@pytest.mark.parametrize("name", ["main.m3u8", "index.m3u8"])
def test_a_playlist_is_written_again_at_once(house, damage, name):
    film = house.film()
    path = next(house.layout.hls(film).rglob(name))
    before = path.read_bytes()
    rot(path) if damage == "rotten" else path.unlink()
    assert house.scrub()["remade"] == 1
    assert path.read_bytes() == before
    assert house.tasks(film, "queued") == []


def test_a_segment_that_is_a_link_is_rotten_and_nothing_behind_it_is_touched(house, tmp_path):
    film = house.film()
    path = segments(house, film)[0]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(elsewhere)
    assert house.scrub()["rotten"] == 1
    assert elsewhere.exists()
    assert not path.is_symlink()


@pytest.mark.parametrize("damage", ["missing", "rotten"])
def test_a_film_whose_original_is_damaged_says_so_and_still_plays(house, damage):
    film = house.film()
    house.scrub()
    original = house.layout.original(film)
    before = original.read_bytes()
    rot(original) if damage == "rotten" else original.unlink()
    run = house.scrub()
    assert (run[damage], run["remade"]) == (1, 0)
    found = video(film)
    assert (found.state, found.playable, found.error.code) == (VideoState.READY, True, "damaged.original")
    assert original.exists() == (damage == "rotten")
    original.write_bytes(before)
    house.scrub()
    assert video(film).error is None


def test_nothing_is_made_from_a_damaged_original(house):
    film = house.film()
    house.scrub()
    rot(house.layout.original(film))
    house.scrub()
    path = segments(house, film)[0]
    rot(path)
    run = house.scrub()
    assert (run["rotten"], run["remade"]) == (2, 0)
    assert path.exists()
    assert house.tasks(film, "queued") == []


def test_a_film_whose_folder_is_gone_fails_with_the_reason(house):
    film, other = house.film(), house.film()
    house.layout.video(film).rename(house.layout.root / "elsewhere")
    house.scrub()
    lost = video(film)
    assert (lost.state, lost.error.code) == (VideoState.FAILED, "gone.files")
    assert video(other).state is VideoState.READY
    assert house.tasks(film, "queued") == []


@pytest.mark.parametrize("read", [True, False])
def test_a_media_volume_that_is_not_mounted_condemns_no_film(house, read):
    films = [house.film(), house.film()]
    if read:
        house.scrub()
    house.layout.root.rename(house.layout.root.with_name("unmounted"))
    house.layout.videos.mkdir(parents=True)
    run = house.scrub()
    assert "mounted" in run["trouble"]
    assert [(video(film).state, video(film).error) for film in films] == [(VideoState.READY, None)] * 2
    house.layout.videos.rmdir()
    house.layout.root.rmdir()
    house.layout.root.with_name("unmounted").rename(house.layout.root)
    assert house.scrub()["trouble"] is None


def test_a_viewer_of_a_lost_segment_waits_until_it_is_made_again(house, monkeypatch):
    monkeypatch.setattr(playing, "WAIT_SECONDS", 60.0)
    film = house.film()
    path = segments(house, film)[-1]
    part = Part(film, path.parent.name, int(path.stem))
    path.unlink()
    watching = threading.Thread(target=house.container.playback.await_part, args=(part,))
    watching.start()
    deadline = time.monotonic() + 30
    while not (queued := house.tasks(film, "queued")) and time.monotonic() < deadline:
        watching.join(0.02)
    assert [task["priority"] for task in queued] == [Priority.AWAITED]
    assert watching.is_alive()
    house.work()
    watching.join(30)
    assert not watching.is_alive()
    assert path.exists()


def test_a_segment_behind_the_end_is_still_refused(house):
    film = house.film()
    path = segments(house, film)[0]
    with pytest.raises(NotFound):
        house.container.playback.await_part(Part(film, path.parent.name, 99))


def test_a_piece_that_is_being_made_is_not_judged(house):
    film = house.film()
    path = segments(house, film)[-1]
    path.unlink()
    house.scrub()
    run = house.scrub()
    assert run["missing"] == 0
    (task,) = house.tasks(film, "queued")
    assert task["state"] == TaskState.QUEUED


def test_another_version_of_an_encoder_makes_the_whole_rendition_again(house):
    film = house.film()
    path = segments(house, film)[-1]
    rendition = path.parent
    with transaction():
        changed("UPDATE artifacts SET published_at = published_at - interval '2 hours'")
    path.unlink()
    house.scrub()
    task = house.container.tasks.claim(Queue.HEAVY, "worker")
    with pytest.raises(Conflict, match="other parameters") as conflict:
        house.perform(task, b"newer")
    house.container.preparation.failed(task, conflict.value)
    group = task.spec["renditions"]
    assert not list(rendition.glob("*.m4s"))
    expected = {row["id"] for row in house.tasks(film, "queued")}
    with transaction():
        assert expected == {
            row["id"]
            for row in rows("SELECT id, spec FROM tasks WHERE video_id = %s", film)
            if row["spec"].get("renditions") == group
        }
    house.work(b"newer")
    assert (rendition / "init.mp4").read_bytes().startswith(b"newer")
    assert video(film).state is VideoState.READY
    assert house.tasks(film, "queued") == house.tasks(film, "failed") == []
    again = house.scrub()
    assert (again["missing"], again["rotten"], again["unknown"]) == (0, 0, 0)


def test_a_piece_of_another_encoder_that_describes_itself_joins_the_others(house):
    film = house.film()
    path = segments(house, film)[-1]
    began = (path.parent / "init.mp4").read_bytes()
    path.unlink()
    house.scrub()
    house.work(b"another encoder")
    assert path.exists()
    assert (path.parent / "init.mp4").read_bytes() == began
    again = house.scrub()
    assert (again["missing"], again["rotten"], again["unknown"]) == (0, 0, 0)


def test_two_versions_at_work_at_once_do_not_remake_each_others_work_for_ever(house):
    film = house.film()
    path = segments(house, film)[-1]
    path.unlink()
    house.scrub()
    task = house.container.tasks.claim(Queue.HEAVY, "worker")
    with pytest.raises(Conflict, match="other parameters") as conflict:
        house.perform(task, b"newer")
    house.container.preparation.failed(task, conflict.value)
    assert [row["error_code"] for row in house.tasks(film, "failed")] == ["conflict.init"]
    assert video(film).state is VideoState.READY
    with pytest.raises(Gone):
        house.container.playback.await_part(Part(film, path.parent.name, int(path.stem)))
    house.scrub()  # tries it once more
    house.work()
    assert path.exists()
