"""Segments and pieces: known before anything is encoded, without a gap and without an overlap."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.timeline import (
    AAC_FRAME,
    SOUND_GROWTH,
    SOUND_GROWTH_FROM_START,
    FrameGrid,
    cut,
    pieces,
    segments,
    sound_segments,
)

DURATIONS = st.fractions(min_value=Fraction(1, 100), max_value=3_000, max_denominator=90_000)
GRIDS = st.builds(FrameGrid, st.sampled_from([8_000, 44_100, 48_000]), st.integers(0, AAC_FRAME - 1))


def _lengths(duration: str) -> list[Fraction]:
    return [segment.length for segment in segments(Fraction(duration), 4)]


def test_segments_are_four_seconds_after_two_short_ones_and_the_last_is_the_rest():
    assert _lengths("10") == [2, 2, 4, 2]
    assert _lengths("8") == [2, 2, 4]
    assert _lengths("3") == [2, 1]
    assert _lengths("0.04") == [Fraction(1, 25)]


def test_a_rest_of_a_few_frames_joins_the_segment_before():
    assert _lengths("8.49") == [2, 2, Fraction("4.49")]
    assert _lengths("8.5") == [2, 2, 4, Fraction(1, 2)]
    assert _lengths("2.25") == [Fraction("2.25")]


@settings(deadline=None)
@given(DURATIONS, st.integers(1, 10))
def test_segments_cover_the_film_exactly_and_start_on_the_grid(duration: Fraction, seconds: int):
    planned = segments(duration, seconds)
    assert sum(segment.length for segment in planned) == duration
    grid = [Fraction(0), Fraction(seconds, 2), *(Fraction(index * seconds) for index in range(1, len(planned)))]
    assert [segment.start for segment in planned] == grid[: len(planned)]
    # EXT-X-TARGETDURATION is the rounded length (RFC 8216, 4.3.3.1): the joined rest must not raise it.
    assert all(segment.length < seconds + Fraction(1, 2) for segment in planned)


@settings(deadline=None)
@given(DURATIONS, GRIDS)
def test_segments_of_sound_are_whole_frames_without_gap_or_overlap(duration: Fraction, grid: FrameGrid):
    planned = sound_segments(duration, 4, grid)
    for before, after in pairwise(planned):
        assert before.start + before.length == after.start
    for segment in planned:
        assert (segment.start * grid.sample_rate - grid.offset) % AAC_FRAME == 0
        assert (segment.length * grid.sample_rate) % AAC_FRAME == 0
        assert segment.length > 0
    assert planned[-1].start + planned[-1].length >= duration


def test_the_first_piece_is_one_segment_and_the_next_ones_grow():
    made = pieces(segments(Fraction(22), 4), (1, 1, 2))
    assert [(piece.first, piece.count) for piece in made] == [(0, 1), (1, 1), (2, 2), (4, 2), (6, 1)]
    assert [piece.start for piece in made] == [0, 2, 4, 12, 20]
    assert list(made[2].boundaries) == [4, 8]
    assert [piece.last for piece in made] == [False, False, False, False, True]


def test_copied_pictures_are_cut_where_they_can_be_and_sound_follows_them():
    cuts = [Fraction(0), Fraction(5, 2), Fraction(9)]
    planned = segments(Fraction(12), 4, cuts)
    assert [(segment.start, segment.length) for segment in planned] == [
        (Fraction(0), Fraction(5, 2)),
        (Fraction(5, 2), Fraction(13, 2)),
        (Fraction(9), Fraction(3)),
    ]
    heard = sound_segments(Fraction(12), 4, FrameGrid(48_000), cuts)
    assert all(
        0 <= sound.start - seen.start < Fraction(AAC_FRAME, 48_000) for sound, seen in zip(heard, planned, strict=True)
    )


@settings(deadline=None)
@given(DURATIONS, st.sampled_from([(1, 2, 3), SOUND_GROWTH, SOUND_GROWTH_FROM_START]))
def test_pieces_hold_every_segment_once_and_in_order(duration: Fraction, growth: tuple[int, ...]):
    planned = segments(duration, 4)
    made = pieces(planned, growth)
    held = [index for piece in made for index in range(piece.first, piece.first + piece.count)]
    assert held == [segment.index for segment in planned]
    for before, after in pairwise(made):
        assert before.end == after.start
    assert made[-1].end == duration


def test_pieces_read_from_the_beginning_read_little_more_than_the_film():
    made = pieces(segments(Fraction(2 * 3600), 4), SOUND_GROWTH_FROM_START)
    assert sum(piece.end for piece in made) <= Fraction(3, 2) * 7200


def test_frames_of_a_grid_begin_at_or_after_a_time():
    grid = FrameGrid(48_000, 100)
    assert [grid.sample_of(grid.frame_from(Fraction(second))) for second in (0, 4)] == [100, 192_612]
    assert grid.nearest(100 + 5 * AAC_FRAME + 500) == 5
    assert grid.nearest(100 - AAC_FRAME) == -1


@pytest.mark.parametrize(("ended", "last"), [(Fraction("24.76"), Fraction("0.76")), (None, 4), (Fraction(99), 4)])
def test_a_film_that_ends_early_gets_an_honest_timeline(ended: Fraction | None, last: Fraction):
    planned = cut(segments(Fraction(60), 4), 8, ended)
    assert [segment.index for segment in planned] == list(range(8))
    assert planned[-1].length == last
