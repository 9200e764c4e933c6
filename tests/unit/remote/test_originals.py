"""Films on a machine that has none: fetched in blocks, once, and thrown away when nobody reads them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from server.errors import NoSpace, Unavailable
from workers.remote.originals import BLOCK, Originals

VIDEO, OTHER = "ViDEo1234567", "AnoTHer12345"
FILM = random.Random(7).randbytes(2 * BLOCK + 1000)  # noqa: S311  # seeded, not secret
ROOM = 4 * BLOCK


class Origin:
    """An appliance that has the film, and remembers what it was asked for."""

    def __init__(self, tag: str = '"one"') -> None:
        self.tag = tag
        self.asked: list[int] = []

    def fetch(self, start: int, end: int, tag: str | None) -> tuple[bytes, str] | None:
        self.asked.append(start // BLOCK)
        return (FILM[start:end], self.tag) if tag in (None, self.tag) else None


@pytest.fixture
def origin() -> Origin:
    return Origin()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "originals"


def test_a_whole_film_is_fetched_once(root, origin):
    for _ in range(2):
        with Originals(root, ROOM).reading(VIDEO, len(FILM)) as film:
            film.ensure(origin.fetch)
            assert film.path.read_bytes() == FILM
    assert origin.asked == [0, 1, 2]


def test_only_the_blocks_that_are_needed_are_fetched(root, origin):
    with Originals(root, ROOM).reading(VIDEO, len(FILM)) as film:
        film.ensure(origin.fetch, [(2 * BLOCK + 5, 2 * BLOCK + 6), (10, 20)])
        assert origin.asked == [0, 2]
        content = film.path.read_bytes()
        assert (content[:BLOCK], content[2 * BLOCK :]) == (FILM[:BLOCK], FILM[2 * BLOCK :])
        film.ensure(origin.fetch)
        assert (origin.asked, film.path.read_bytes()) == ([0, 2, 1], FILM)


def test_what_came_before_the_connection_broke_is_kept(root, origin):
    def broken(start, end, tag):
        if start >= BLOCK:
            raise Unavailable("The line is cut.")
        return origin.fetch(start, end, tag)

    with Originals(root, ROOM).reading(VIDEO, len(FILM)) as film:
        with pytest.raises(Unavailable):
            film.ensure(broken)
        film.ensure(origin.fetch)
        assert film.path.read_bytes() == FILM
    assert origin.asked == [0, 1, 2]


def test_blocks_of_another_film_are_never_mixed_in(root, origin):
    with Originals(root, ROOM).reading(VIDEO, len(FILM)) as film:
        film.ensure(origin.fetch, [(0, 1)])
        origin.tag = '"two"'
        with pytest.raises(Unavailable):
            film.ensure(origin.fetch)
        film.ensure(origin.fetch)
        assert film.path.read_bytes() == FILM
    assert origin.asked == [0, 1, 0, 1, 2]


def test_the_film_that_was_read_longest_ago_makes_room(root, origin):
    originals = Originals(root, ROOM)
    with originals.reading(VIDEO, len(FILM)) as film:
        film.ensure(origin.fetch)
    with originals.reading(OTHER, len(FILM)) as film:
        film.ensure(origin.fetch)
        assert [path.name for path in root.iterdir()] == [OTHER]


def test_a_film_that_somebody_reads_is_not_thrown_away(root, origin):
    originals = Originals(root, ROOM)
    with originals.reading(VIDEO, len(FILM)) as read:
        read.ensure(origin.fetch)
        with originals.reading(OTHER, len(FILM)) as other, pytest.raises(NoSpace):
            other.ensure(origin.fetch)
        assert read.path.read_bytes() == FILM


def test_what_a_killed_process_left_half_deleted_goes_when_room_is_needed(root, origin):
    originals = Originals(root, len(FILM) + BLOCK)
    left = root / f".{OTHER}.0123abcd"
    left.mkdir()
    (left / "original").write_bytes(FILM)
    with originals.reading(VIDEO, len(FILM)) as film:
        film.ensure(origin.fetch)
    assert not left.exists()
