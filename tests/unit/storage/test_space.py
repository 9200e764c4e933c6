from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from server.errors import NoSpace
from server.storage.space import free_bytes, in_words, require, require_files


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (1_550, "1.6 kB"),
        (999_940, "999.9 kB"),
        (999_960, "1 MB"),
        (68_719_476_736, "68.7 GB"),
        (10**17, "100000 TB"),
    ],
)
def test_sizes_are_told_as_people_read_them(size, words):
    assert in_words(size) == words


def test_what_exactly_fits_is_taken():
    require(needed=500, free=1000, reserve=300, promised=200)


def test_one_byte_more_is_refused_with_the_figures():
    with pytest.raises(NoSpace, match=r"501 bytes more are needed, and 500 bytes may be used\. 1 kB") as refusal:
        require(needed=501, free=1000, reserve=300, promised=200)
    assert refusal.value.code == "no-space.disk"


def test_a_volume_below_its_reserve_takes_nothing():
    with pytest.raises(NoSpace, match="0 bytes may be used"):
        require(needed=0, free=299, reserve=300, promised=0)


@pytest.mark.parametrize(("files", "free", "full"), [(1000, 10, False), (1000, 9, True), (0, 0, False)])
def test_a_volume_that_can_hold_no_more_files_is_full(tmp_path, monkeypatch, files, free, full):
    monkeypatch.setattr("os.statvfs", lambda _: SimpleNamespace(f_files=files, f_favail=free))
    with pytest.raises(NoSpace, match="more files") if full else nullcontext():
        require_files(tmp_path)


def test_free_space_is_that_of_the_volume(tmp_path):
    assert free_bytes(tmp_path) > 0
