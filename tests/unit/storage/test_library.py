from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from server.domain.artifact import Artifact, ArtifactKind
from server.errors import Conflict, Gone, NotFound
from server.storage.layout import Layout
from server.storage.library import Library

UPLOAD, VIDEO = "uPLoAD123456", "ViDEo1234567"


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "media")


@pytest.fixture
def library(layout):
    return Library(layout)


@pytest.fixture
def published(library, layout):
    layout.incoming.mkdir(parents=True)
    layout.spool(UPLOAD).write_bytes(b"film")
    library.publish_original(UPLOAD, VIDEO)
    return library


@pytest.fixture
def attempt(library):
    folder = library.prepare_attempt(7, 1)
    (folder / "init.mp4").write_bytes(b"init")
    for number in (0, 1):
        (folder / f"{number:05d}.m4s").write_bytes(b"segment %d" % number)
    return folder


def test_an_original_is_moved_once_and_a_second_time_changes_nothing(published, layout):
    published.publish_original(UPLOAD, VIDEO)
    assert layout.original(VIDEO).read_bytes() == b"film"
    assert list(layout.incoming.iterdir()) == []
    assert published.original_size(VIDEO) == 4


def test_bytes_that_are_nowhere_are_gone(library):
    with pytest.raises(Gone):
        library.publish_original(UPLOAD, VIDEO)
    assert library.original_size(VIDEO) is None


def test_no_id_leads_out_of_the_media_folder(library):
    for name in ("..", "../../x", "", "a/b"):
        with pytest.raises(NotFound):
            library.publish_original(name, VIDEO)
        with pytest.raises(NotFound):
            library.remove_video(name)


def test_a_piece_is_published_with_its_init_segment(published, layout, attempt):
    (attempt / "ffmpeg.log").touch()
    noted = published.publish_piece(published.seal(attempt), VIDEO, "v480")
    folder = layout.rendition(VIDEO, "v480")
    on_disk = {f"hls/v480/{path.name}": path.read_bytes() for path in folder.iterdir()}
    assert on_disk == {
        "hls/v480/init.mp4": b"init",
        "hls/v480/00000.m4s": b"segment 0",
        "hls/v480/00001.m4s": b"segment 1",
    }
    assert {one.path: (one.size, one.sha256) for one in noted} == {
        path: (len(data), hashlib.sha256(data).digest()) for path, data in on_disk.items()
    }
    assert [one.kind for one in noted] == [ArtifactKind.INIT, ArtifactKind.SEGMENT, ArtifactKind.SEGMENT]


def test_everything_is_on_the_disk_before_it_gets_its_name(published, attempt, monkeypatch):
    order = []
    real_sync, real_replace = os.fsync, Path.replace

    def note_sync(descriptor):
        order.append(("sync", Path(f"/proc/self/fd/{descriptor}").readlink().name))
        real_sync(descriptor)

    def note_replace(self, target):
        order.append(("name", self.name))
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    sealed = published.seal(attempt)
    assert order == [("sync", "init.mp4"), ("sync", "00000.m4s"), ("sync", "00001.m4s")]
    order.clear()
    published.publish_piece(sealed, VIDEO, "v480")
    names = [("name", "00000.m4s"), ("name", "00001.m4s")]
    # Two new folders, the renames, and one sync for all of them: nothing else while the video is locked.
    assert order == [("sync", VIDEO), ("sync", "hls"), *names, ("sync", "v480")]


def test_a_piece_that_is_made_again_replaces_its_segments_and_no_others(published, layout, attempt):
    published.publish_piece(published.seal(attempt), VIDEO, "v480")
    again = published.prepare_attempt(7, 2)
    (again / "init.mp4").write_bytes(b"init")
    (again / "00001.m4s").write_bytes(b"another")
    (again / "00002.m4s").write_bytes(b"segment 2")
    with (layout.rendition(VIDEO, "v480") / "00001.m4s").open("rb") as reader:
        published.publish_piece(published.seal(again), VIDEO, "v480")
        assert reader.read() == b"segment 1"
    found = {path.name: path.read_bytes() for path in layout.rendition(VIDEO, "v480").glob("*.m4s")}
    assert found == {"00000.m4s": b"segment 0", "00001.m4s": b"another", "00002.m4s": b"segment 2"}


def test_another_init_segment_publishes_nothing(published, layout, attempt):
    published.publish_piece(published.seal(attempt), VIDEO, "v480")
    again = published.prepare_attempt(8, 1)
    (again / "init.mp4").write_bytes(b"other parameters")
    (again / "00002.m4s").write_bytes(b"segment 2")
    with pytest.raises(Conflict) as refusal:
        published.publish_piece(published.seal(again), VIDEO, "v480")
    assert refusal.value.code == "conflict.init"
    assert not (layout.rendition(VIDEO, "v480") / "00002.m4s").exists()


def test_a_piece_without_init_segment_is_an_error_of_its_own(published, attempt):
    (attempt / "init.mp4").unlink()
    with pytest.raises(FileNotFoundError):
        published.seal(attempt)


def test_what_was_made_is_withdrawn_and_the_original_stays(published, layout, attempt):
    published.publish_piece(published.seal(attempt), VIDEO, "v480")
    (layout.video(VIDEO) / "storyboard").mkdir()
    published.withdraw_renditions(VIDEO)
    published.withdraw_renditions(VIDEO)
    assert list(layout.video(VIDEO).iterdir()) == [layout.original(VIDEO)]
    published.remove_video(VIDEO)
    published.withdraw_renditions(VIDEO)


def test_a_folder_that_nobody_knows_is_kept_out_of_sight(published, layout):
    published.set_aside_video(VIDEO)
    assert list(layout.videos.iterdir()) == []
    (kept,) = layout.quarantine.glob(f"*/videos/{VIDEO}/original")
    assert kept.read_bytes() == b"film"


def test_nothing_brings_a_removed_video_back(published, layout, attempt, tmp_path):
    picture = tmp_path / "poster.jpg"
    picture.touch()
    published.remove_video(VIDEO)
    sealed = published.seal(attempt)
    for deed in (
        lambda: published.publish_piece(sealed, VIDEO, "v480"),
        lambda: published.publish_poster(picture, VIDEO),
        lambda: published.write_text_atomically(layout.hls(VIDEO) / "main.m3u8", "#EXTM3U"),
    ):
        with pytest.raises(Gone):
            deed()
    assert list(layout.videos.iterdir()) == []


def test_a_playlist_is_replaced_in_one_step_and_leaves_nothing_else(published, layout):
    path = layout.rendition(VIDEO, "v480") / "index.m3u8"
    published.write_text_atomically(path, "#EXTM3U\n")
    with path.open(encoding="utf-8") as reader:
        noted = published.write_text_atomically(path, "#EXTM3U\n#EXT-X-ENDLIST\n")
        assert reader.read() == "#EXTM3U\n"
    assert path.read_text(encoding="utf-8").endswith("ENDLIST\n")
    assert [entry.name for entry in path.parent.iterdir()] == ["index.m3u8"]
    digest = hashlib.sha256(path.read_bytes()).digest()
    assert noted == Artifact("hls/v480/index.m3u8", ArtifactKind.TEXT, path.stat().st_size, digest)


def test_nothing_is_written_outside_the_library(published, tmp_path):
    with pytest.raises(ValueError, match="subpath"):
        published.write_text_atomically(tmp_path / "elsewhere" / "index.m3u8", "")


def test_a_poster_replaces_the_former_one(published, layout, tmp_path):
    for picture in (b"first", b"second"):
        (tmp_path / "made.jpg").write_bytes(picture)
        noted = published.publish_poster(tmp_path / "made.jpg", VIDEO)
        assert noted == Artifact("poster.jpg", ArtifactKind.EXTRA, len(picture), hashlib.sha256(picture).digest())
    assert layout.poster(VIDEO).read_bytes() == b"second"


def test_a_removed_video_leaves_nothing_and_may_be_removed_again(published, layout):
    published.remove_video(VIDEO)
    published.remove_video(VIDEO)
    assert list(layout.videos.iterdir()) == list(layout.work.iterdir()) == []


def test_a_video_is_out_of_sight_before_its_files_are_deleted(published, layout, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt):
        published.remove_video(VIDEO)
    monkeypatch.undo()
    assert list(layout.videos.iterdir()) == []
    assert published.orphans() == []
    assert published.orphans(unchanged_seconds=-1) == list(layout.work.iterdir())


def test_an_attempt_has_an_empty_folder_for_itself(library, layout, attempt):
    assert attempt == layout.work / "7" / "1"
    assert stat.S_IMODE(attempt.stat().st_mode) & stat.S_IRWXO == 0
    assert list(library.prepare_attempt(7, 1).iterdir()) == []


def test_discarding_takes_former_attempts_along_and_spares_later_ones(library, attempt):
    later = library.prepare_attempt(7, 3)
    library.discard_attempt(7, 2)
    assert (attempt.exists(), later.exists()) == (False, True)
    library.discard_attempt(7, 3)
    assert not later.parent.exists()
    library.discard_attempt(7, 3)


def test_discarding_follows_no_link_out_of_the_folder(library, attempt, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").touch()
    (attempt / "link").symlink_to(outside)
    library.discard_attempt(7, 1)
    assert (outside / "precious").exists()


def test_only_attempts_that_nobody_works_on_are_orphans(library, layout, attempt):
    busy = library.prepare_attempt(8, 1)
    for folder in (attempt, attempt.parent, busy.parent):
        os.utime(folder, (0, 0))
    assert library.orphans() == [attempt.parent]
    assert library.remove_orphans() == 1
    assert [folder.name for folder in layout.work.iterdir()] == ["8"]


def test_a_fresh_video_folder_is_not_listed_for_repair(published, layout):
    assert published.videos() == []
    os.utime(layout.video(VIDEO), (0, 0))
    (layout.videos / "lost+found").mkdir()
    assert published.videos() == [VIDEO]
