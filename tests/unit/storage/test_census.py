from __future__ import annotations

import os

import pytest

from server.storage import census
from server.storage.layout import Layout

VIDEO, UPLOAD = "ViDEo1234567", "uPLoAD123456"


@pytest.fixture
def layout(tmp_path):
    layout = Layout(tmp_path / "media")
    for folder in (layout.rendition(VIDEO, "v480"), layout.incoming, layout.attempt(7, 1)):
        folder.mkdir(parents=True)
    layout.spool(UPLOAD).touch()
    layout.original(VIDEO).touch()
    (layout.rendition(VIDEO, "v480") / "init.mp4").touch()
    (layout.work / "trash-0123456789abcdef").mkdir()
    (layout.videos / "lost+found").mkdir()
    return layout


def test_everything_with_a_name_that_matinee_gives_is_at_home(layout):
    assert list(census.strangers(layout)) == []
    assert census.video_folders(layout) == [VIDEO]


def test_everything_else_is_a_stranger(layout, tmp_path):
    strangers = {layout.videos / "notes", layout.incoming / "x.part", layout.work / "tmp", layout.videos / UPLOAD}
    for path in strangers:
        path.touch()
    link = layout.incoming / VIDEO
    link.symlink_to(tmp_path)
    assert {path for path, _ in census.strangers(layout)} == {*strangers, link}


def test_a_video_is_listed_with_all_that_is_no_folder_and_links_are_not_entered(layout, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").touch()
    (layout.hls(VIDEO) / "elsewhere").symlink_to(outside)
    os.mkfifo(layout.hls(VIDEO) / "pipe")
    found = {path for path, _ in census.files_of(layout, VIDEO)}
    assert found == {"original", "hls/v480/init.mp4", "hls/elsewhere", "hls/pipe"}


def test_an_empty_volume_has_nobody(tmp_path):
    empty = Layout(tmp_path / "empty")
    assert (census.video_folders(empty), list(census.strangers(empty))) == ([], [])
