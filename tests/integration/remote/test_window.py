"""A piece made from a part of a film is the piece that the whole film gives, to the byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from server.domain.handover import MadePiece
from server.domain.ladder import ladder
from server.domain.plan import Assignment, Plan
from server.domain.rendition import AudioRendition, VideoRendition
from server.settings import Media
from tests import clips
from workers.media.encoders import x264
from workers.media.picture import encode_video
from workers.media.probe import probe
from workers.media.sound import encode_audio
from workers.remote import originals
from workers.remote.originals import Film, Originals
from workers.remote.window import is_whole, window

BLOCK = 64 * 1024  # the film of the test is small
SECONDS = 240


@pytest.fixture(scope="module")
def whole() -> Path:
    """Four minutes of H.264 and 5.1 sound in MP4."""
    return clips.bunny_for(SECONDS)


@pytest.fixture(scope="module")
def plan(whole: Path) -> Plan:
    source = probe(whole, Media())
    video = replace(source, cuts=())
    made = [one for one in ladder(video) if one.name in ("v360", "a1")]
    return Plan(video, tuple(made), 4)


@pytest.fixture
def film(tmp_path, monkeypatch, whole):
    monkeypatch.setattr(originals, "BLOCK", BLOCK)
    with Originals(tmp_path / "originals", 1 << 30).reading("ViDEo1234567", whole.stat().st_size) as found:
        yield found


def fetch_from(whole: Path):
    def fetch(start: int, end: int, tag: str | None) -> tuple[bytes, str]:
        with whole.open("rb") as file:
            file.seek(start)
            return file.read(end - start), tag or "tag"

    return fetch


def assignment(plan: Plan, name: str, second: float) -> Assignment:
    group = plan.group([name])
    piece = next(one for one in plan.pieces(group) if float(one.end) > second)
    return Assignment(plan.source, group, piece)


def make(path: Path, work: Assignment, folder: Path) -> MadePiece:
    """Make the piece of the one rendition, into the folder of its name."""
    (rendition,) = work.renditions
    if isinstance(rendition, VideoRendition):
        made = encode_video(path, work.source, [rendition], work.piece, folder, limits=Media(), encoder=x264.ENCODER)[
            rendition.name
        ]
        return MadePiece(rendition.name, made.codecs, len(made.segments), made.ended)
    assert isinstance(rendition, AudioRendition)
    sound = encode_audio(path, work.source, rendition, work.piece, folder, limits=Media())
    return MadePiece(rendition.name, sound.codecs, len(sound.segments))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def read_in_part(film: Film, whole: Path, work: Assignment) -> None:
    spans = window(film.path, whole.stat().st_size, lambda some: film.ensure(fetch_from(whole), some), work)
    assert spans is not None
    film.ensure(fetch_from(whole), spans)


@pytest.mark.parametrize(("name", "second"), [("v360", 0), ("v360", 120), ("v360", SECONDS - 1), ("a1", 120)])
def test_a_part_gives_what_the_whole_gives(film, plan, whole, tmp_path, name, second):
    work = assignment(plan, name, second)
    read_in_part(film, whole, work)
    size = whole.stat().st_size
    fetched = film.path.stat().st_blocks * 512
    assert fetched < size * (0.9 if name == "a1" else 0.7)
    for folder in ("of part", "of whole"):
        (tmp_path / folder).mkdir()
    made = make(film.path, work, tmp_path / "of part")
    assert is_whole(film.path, tmp_path / "of part", work, [made])
    make(whole, work, tmp_path / "of whole")
    assert files(tmp_path / "of part" / name) == files(tmp_path / "of whole" / name)


def test_pictures_that_fell_into_a_hole_are_noticed(film, plan, whole, tmp_path):
    work = assignment(plan, "v360", 120)
    read_in_part(film, whole, work)
    with film.path.open("r+b") as part:  # a hole where the piece's own pictures are
        part.seek(whole.stat().st_size * 121 // SECONDS)
        part.write(bytes(BLOCK))
    made = make(film.path, work, tmp_path)
    assert not is_whole(film.path, tmp_path, work, [made])


def test_a_film_without_such_an_index_is_read_whole(film, plan, whole):
    work = assignment(plan, "v360", 0)
    matroska = replace(work, source=replace(work.source, container="matroska,webm"))
    assert window(film.path, whole.stat().st_size, lambda _: pytest.fail("nothing is fetched"), matroska) is None
    film.path.write_bytes(bytes(1000))
    assert window(film.path, 1000, lambda _: None, work) is None
