from __future__ import annotations

import os
from pathlib import Path

import pytest

from server.errors import Conflict
from server.launcher.home import PLAIN_AND_SHORT, Home, Lock


def test_sockets_of_a_deep_folder_move_to_a_short_path(tmp_path: Path) -> None:
    deep = Home.at(tmp_path / ("d" * 120))
    assert PLAIN_AND_SHORT.fullmatch(str(deep.run))
    assert deep.run != Home.at(tmp_path / ("e" * 120)).run
    assert deep.run == Home.at(tmp_path / ("d" * 120)).run


def test_sockets_of_a_folder_with_odd_characters_move_to_a_plain_path(tmp_path: Path) -> None:
    assert PLAIN_AND_SHORT.fullmatch(str(Home.at(tmp_path / "my clone").run))
    assert Home.at(tmp_path / "plain").run == tmp_path / "plain" / "run"


def test_all_folders_are_private(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    home.create()
    for folder in (home.root, home.run, home.secrets, home.media, home.logs):
        assert folder.stat().st_mode & 0o077 == 0


def test_a_folder_has_one_launcher_at_a_time(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    Lock(home).acquire()
    with pytest.raises(Conflict):
        Lock(home).acquire()


def test_nobody_holds_a_lock_that_was_never_taken(tmp_path: Path) -> None:
    assert Lock(Home.at(tmp_path)).holder() is None


def test_a_lock_names_its_holder_only_while_it_is_the_same_process(tmp_path: Path) -> None:
    home = Home.at(tmp_path)
    Lock(home).acquire()
    assert Lock(home).holder() == os.getpid()
    (home.root / "lock").write_text(f'{{"pid": {os.getpid()}, "started": 1}}')
    assert Lock(home).holder() is None
