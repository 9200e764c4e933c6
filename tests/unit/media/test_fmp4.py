"""Fragments that are written can be read again, and damage is noticed."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import MediaFailed
from workers.media import fmp4
from workers.media.fmp4 import Frame

SIZES = st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=30)


@settings(deadline=None)
@given(SIZES, st.integers(0, 2**40))
def test_sound_is_read_as_it_was_written(contents: list[bytes], start: int):
    data = fmp4.fragment(3, start, [Frame(content, 1024) for content in contents])
    (made,) = fmp4.parse(data).fragments
    assert made.decode_time == made.start_time == start
    assert made.end_time == start + 1024 * len(contents)
    assert [data[sample.place] for sample in made.samples] == contents
    assert all(sample.key for sample in made.samples)


@settings(deadline=None)
@given(SIZES, st.randoms(use_true_random=False))
def test_pictures_are_read_as_they_were_written(contents: list[bytes], random: object):
    frames = [
        Frame(content, random.randrange(1, 9000), random.randrange(-9000, 9000), key=random.random() < 0.3)  # type: ignore[attr-defined]
        for number, content in enumerate(contents)
    ]
    data = fmp4.fragment(1, 90_000, frames)
    (made,) = fmp4.parse(data).fragments
    time = 90_000
    for sample, frame in zip(made.samples, frames, strict=True):
        assert (sample.time, sample.duration, sample.key) == (time + frame.shift, frame.duration, frame.key)
        assert data[sample.place] == frame.data
        time += frame.duration


def test_fragments_one_after_another_are_all_read():
    data = b"".join(fmp4.fragment(number, number * 1024, [Frame(b"abc", 1024)]) for number in range(5))
    assert [made.decode_time for made in fmp4.parse(data).fragments] == [0, 1024, 2048, 3072, 4096]


def test_a_time_before_the_film_is_negative():
    data = bytearray(fmp4.fragment(1, 0, [Frame(b"abc", 1024)]))
    at = data.index(b"tfdt") + 8
    data[at : at + 8] = struct.pack(">q", -1024)
    assert fmp4.parse(bytes(data)).fragments[0].decode_time == -1024


def test_nothing_encoded_is_a_movie_without_fragments():
    assert fmp4.parse(b"") == fmp4.Movie(b"", 0, "", b"", ())


@pytest.mark.parametrize("length", [7, 20, 100, 130])
def test_a_file_that_is_cut_off_is_refused(length: int):
    data = fmp4.fragment(1, 0, [Frame(bytes(50), 1024)])
    with pytest.raises(MediaFailed):
        fmp4.parse(data[:length])


@pytest.mark.parametrize(
    ("sequence", "colour", "name"),
    [(0x04, 0x0C, "av01.0.04M.08"), (0x0D, 0xCC, "av01.0.13H.10"), (0x50, 0x60, "av01.2.16M.12")],
)
def test_av1_is_named_after_its_sequence_header(sequence: int, colour: int, name: str):
    assert fmp4._av1(sequence, colour) == name
