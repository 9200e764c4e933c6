from __future__ import annotations

from datetime import date

import pytest

from server.storage.layout import Layout
from server.storage.quarantine import Quarantine

TODAY = date(2026, 3, 14)


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "media")


@pytest.fixture
def stray(layout):
    path = layout.work / "notes.txt"
    path.parent.mkdir(parents=True)
    path.write_text("precious")
    return path


def test_a_stray_is_kept_by_day_and_by_the_place_where_it_was(layout, stray):
    moved = Quarantine(layout, lambda: TODAY).take(stray)
    assert moved is not None
    assert moved == layout.quarantine / "2026-03-14" / "work" / "notes.txt"
    assert (moved.read_text(), stray.exists()) == ("precious", False)


def test_two_strays_of_one_name_are_both_kept(layout, stray):
    quarantine = Quarantine(layout, lambda: TODAY)
    first = quarantine.take(stray)
    stray.write_text("another")
    second = quarantine.take(stray)
    assert first is not None
    assert second is not None
    assert {first.read_text(), second.read_text()} == {"precious", "another"}


def test_what_is_gone_already_is_no_error(layout):
    assert Quarantine(layout, lambda: TODAY).take(layout.work / "nothing") is None


def test_a_link_is_moved_and_not_followed(layout, tmp_path):
    victim = tmp_path / "victim"
    victim.mkdir()
    layout.work.mkdir(parents=True)
    link = layout.work / "link"
    link.symlink_to(victim)
    moved = Quarantine(layout, lambda: TODAY).take(link)
    assert moved is not None
    assert moved.is_symlink()
    Quarantine(layout, lambda: date(2026, 6, 1)).expire(30)
    assert victim.is_dir()


def test_nothing_outside_of_the_media_folder_is_taken(layout, tmp_path):
    (tmp_path / "elsewhere").touch()
    with pytest.raises(ValueError, match="subpath"):
        Quarantine(layout, lambda: TODAY).take(tmp_path / "elsewhere")


def test_what_was_kept_long_enough_is_deleted_and_nothing_else(layout, stray):
    Quarantine(layout, lambda: TODAY).take(stray)
    (layout.quarantine / "not a date").mkdir()
    later = Quarantine(layout, lambda: date(2026, 4, 13))
    assert later.expire(30) == []
    assert Quarantine(layout, lambda: date(2026, 4, 14)).expire(30) == ["2026-03-14"]
    assert [path.name for path in layout.quarantine.iterdir()] == ["not a date"]
    assert Quarantine(Layout(layout.root / "empty"), lambda: TODAY).expire(30) == []
