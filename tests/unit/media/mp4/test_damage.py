"""Hostile bytes: whatever is wrong with an index, the answer is a reason and never a surprise."""

from __future__ import annotations

import random
import struct
from fractions import Fraction
from pathlib import Path

import pytest

from server.domain.timeline import FrameGrid
from tests.unit.media.mp4.films import film, pictures, sound
from workers.media.mp4.cut import cut_audio, cut_video
from workers.media.mp4.entries import read_video
from workers.media.mp4.head import video_head
from workers.media.mp4.index import open_index
from workers.media.mp4.plan import plan_audio, plan_video
from workers.media.mp4.refusal import NotCopyable, guarded

FILM = film(pictures(edits=[(13_000, 512)]), sound(edits=[(13_000, 1024)]))
INDEX = FILM.index(b"moov") - 4
EXTREMES = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def _try_everything(path: Path) -> bool:
    """Do with a file all that is ever done; say whether it went through. Raises whatever is not a refusal."""
    try:
        index = open_index(path)
        found = plan_video(index, 0, Fraction(4))
        with guarded():
            assert video_head(read_video(index.data, *index.tracks[0].entry()), index.tracks[0].timescale)
        assert cut_video(index, 0, found.cuts, None, first=0)
        grid = FrameGrid(plan_audio(index, 1).sample_rate)
        assert len(cut_audio(index, 1, grid, range(500))) <= 500
    except NotCopyable:
        return False
    return True


def test_the_film_that_is_damaged_below_passes_when_it_is_whole(tmp_path: Path):
    path = tmp_path / "film.mp4"
    path.write_bytes(FILM)
    assert _try_everything(path)


@pytest.mark.parametrize("seed", range(8))
def test_flipped_bits_never_raise_anything_but_a_refusal(seed: int, tmp_path: Path):
    path, chance = tmp_path / "film.mp4", random.Random(seed)  # noqa: S311 - seeded, for tests
    passed = 0
    for _ in range(60):
        data = bytearray(FILM)
        for _ in range(chance.choice((1, 1, 2, 8))):
            data[chance.randrange(INDEX, len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        passed += _try_everything(path)
    assert passed < 60


@pytest.mark.parametrize("seed", range(8))
def test_absurd_numbers_never_raise_anything_but_a_refusal(seed: int, tmp_path: Path):
    """Counts, sizes, offsets and times at the edges of 32 bits, wherever they stand."""
    path, chance = tmp_path / "film.mp4", random.Random(seed)  # noqa: S311 - seeded, for tests
    # Tables fill most of the index; half of the numbers go where the headers are.
    headers = [FILM.index(kind) for kind in (b"mvhd", b"elst", b"mdhd", b"stsd", b"avcC", b"stts", b"stsz", b"stsc")]
    for _ in range(60):
        at = chance.choice(headers) + chance.randrange(4, 40) if chance.random() < 0.5 else 0
        at = at or chance.randrange(INDEX, len(FILM) - 4)
        data = bytearray(FILM)
        struct.pack_into(">I", data, at, chance.choice(EXTREMES))
        path.write_bytes(data)
        _try_everything(path)


@pytest.mark.parametrize("seed", range(4))
def test_a_film_cut_off_anywhere_is_refused(seed: int, tmp_path: Path):
    path, chance = tmp_path / "film.mp4", random.Random(seed)  # noqa: S311 - seeded, for tests
    for _ in range(40):
        path.write_bytes(FILM[: chance.randrange(len(FILM))])
        assert not _try_everything(path)
