"""Files from another machine: whole and proven, or not there."""

from __future__ import annotations

import hashlib
import io

import pytest

from server.domain.handover import MadeFile
from server.errors import Conflict, Invalid, NoSpace, Superseded, TooLarge
from server.storage.deliveries import MAX_BYTES, Deliveries
from server.storage.layout import Layout
from server.storage.library import Library

CONTENT = b"a segment" * 1000


def file(content: bytes = CONTENT, name: str = "00003.m4s") -> MadeFile:
    return MadeFile("v360", name, len(content), hashlib.sha256(content).hexdigest())


@pytest.fixture
def layout(tmp_path):
    return Layout(tmp_path / "media")


@pytest.fixture
def deliveries(layout):
    Library(layout).prepare_attempt(7, 1)
    return Deliveries(layout, 0)


def arrived(layout: Layout) -> dict[str, bytes]:
    attempt = layout.attempt(7, 1)
    return {str(path.relative_to(attempt)): path.read_bytes() for path in attempt.rglob("*") if path.is_file()}


def test_a_file_is_kept_under_its_name(deliveries, layout):
    deliveries.receive(7, 1, file(), io.BytesIO(CONTENT))
    assert arrived(layout) == {"v360/00003.m4s": CONTENT}


def test_a_file_that_comes_again_replaces_the_former_one(deliveries, layout):
    for content in (b"first", CONTENT):
        deliveries.receive(7, 1, file(content), io.BytesIO(content))
    assert arrived(layout) == {"v360/00003.m4s": CONTENT}


@pytest.mark.parametrize(
    ("content", "error"),
    [(CONTENT[:-1], Invalid), (CONTENT[:-1] + b"?", Invalid), (CONTENT + b"more", TooLarge), (b"", Invalid)],
)
def test_nothing_is_kept_of_what_is_not_as_announced(deliveries, layout, content, error):
    with pytest.raises(error):
        deliveries.receive(7, 1, file(), io.BytesIO(content))
    assert arrived(layout) == {}


def test_a_file_of_any_size_is_refused_before_its_first_byte(deliveries):
    with pytest.raises(TooLarge):
        deliveries.receive(7, 1, MadeFile("v360", "00003.m4s", MAX_BYTES + 1, "0" * 64), io.BytesIO())


def test_the_reserve_of_the_disk_stays_free(layout):
    Library(layout).prepare_attempt(7, 1)
    with pytest.raises(NoSpace):
        Deliveries(layout, 1 << 62).receive(7, 1, file(), io.BytesIO(CONTENT))


def test_nothing_can_be_delivered_to_an_attempt_that_is_over(deliveries, layout):
    Library(layout).discard_attempt(7, 1)
    layout.work.mkdir(exist_ok=True)
    with pytest.raises(Superseded):
        deliveries.receive(7, 1, file(), io.BytesIO(CONTENT))
    assert not layout.attempt(7, 1).exists()


def test_what_was_listed_and_what_arrived_must_be_the_same(deliveries, layout):
    init = file(b"init", "init.mp4")
    deliveries.receive(7, 1, init, io.BytesIO(b"init"))
    deliveries.receive(7, 1, file(), io.BytesIO(CONTENT))
    deliveries.check(7, 1, [file(), init])
    for listed in ([file()], [file(), init, file(b"", "00004.m4s")], [file(b"other"), init]):
        with pytest.raises(Conflict):
            deliveries.check(7, 1, listed)
    layout.attempt(7, 1).joinpath("v360/00003.m4s").write_bytes(b"rotten")
    with pytest.raises(Conflict):
        deliveries.check(7, 1, [file(), init])
