from __future__ import annotations

import errno
import hashlib
import os

import pytest

from server.storage import reading
from server.storage.reading import PIECE, Content, Reader, Unreadable


class Watch:
    """A clock that only pauses move."""

    def __init__(self):
        self.now = 0.0
        self.pauses: list[float] = []

    def pause(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def reader(watch):
    return Reader(10 * PIECE, watch.pause, lambda: 0.0, lambda: watch.now)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "video"
    (folder / "hls" / "v480").mkdir(parents=True)
    (folder / "hls" / "v480" / "00000.m4s").write_bytes(b"segment")
    return folder


def test_a_file_is_told_by_its_size_and_hash(reader, root):
    assert reader.read(root, "hls/v480/00000.m4s") == Content(7, hashlib.sha256(b"segment").digest())


def test_a_file_or_folder_that_is_missing_is_told_apart(reader, root):
    assert reader.read(root, "hls/v480/00001.m4s") is None
    assert reader.read(root, "hls/v720/00000.m4s") is None
    assert reader.read(root / "nowhere", "original") is None


def test_reading_takes_as_long_as_the_bound_says(reader, root, watch):
    (root / "original").write_bytes(bytes(30 * PIECE))
    reader.read(root, "original")
    assert watch.now == pytest.approx(3.0)
    assert max(watch.pauses) <= 0.11


@pytest.mark.parametrize("place", ["file", "folder"])
def test_no_link_is_followed(reader, root, tmp_path, place):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "00000.m4s").write_bytes(b"segment")
    if place == "file":
        (root / "hls" / "link.m4s").symlink_to(outside / "00000.m4s")
        path = "hls/link.m4s"
    else:
        (root / "hls" / "v720").symlink_to(outside)
        path = "hls/v720/00000.m4s"
    with pytest.raises(Unreadable):
        reader.read(root, path)


def test_a_pipe_is_no_file_and_nobody_waits_for_it(reader, root):
    os.mkfifo(root / "pipe")
    with pytest.raises(Unreadable):
        reader.read(root, "pipe")
    with pytest.raises(Unreadable):
        reader.read(root, "hls")


def test_a_disk_that_refuses_means_a_file_that_cannot_be_read(reader, root, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "read", refuse)
    with pytest.raises(Unreadable):
        reader.read(root, "hls/v480/00000.m4s")


def test_while_others_wait_for_the_disk_nothing_is_read_but_not_for_ever(root, watch):
    asked = []

    def pressure():
        asked.append(watch.now)
        return 90.0

    Reader(PIECE, watch.pause, pressure, lambda: watch.now).read(root, "hls/v480/00000.m4s")
    assert reading.PATIENCE_SECONDS <= watch.now <= reading.PATIENCE_SECONDS + 5
    assert len(asked) == pytest.approx(reading.PATIENCE_SECONDS / reading.BUSY_PAUSE_SECONDS, abs=2)


def test_the_kernel_is_asked_how_busy_the_disk_is():
    assert 0.0 <= reading.io_pressure() <= 100.0


def test_whoever_is_told_to_leave_leaves_in_the_middle_of_a_file(root):
    class Leave(BaseException):
        pass

    def leave(_):
        raise Leave

    with pytest.raises(Leave):
        Reader(1, leave, lambda: 0.0).read(root, "hls/v480/00000.m4s")
