"""The ladder of a film: its rungs, their shapes and rates, and what becomes of the sound."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.ladder import MAX_SIDE, groups, ladder, may_pass
from server.domain.passage import Passage, PicturePassage
from server.domain.rendition import VideoRendition, from_dict
from server.domain.source import Source
from tests.unit.domain.test_source import FILM, VIDEO


def _pictures(width: int, height: int, **changes: Any) -> list[VideoRendition]:
    video = replace(VIDEO, width=width, height=height, stored_width=width, stored_height=height, **changes)
    return [made for made in ladder(replace(FILM, video=video, audio=())) if isinstance(made, VideoRendition)]


def _sizes(width: int, height: int) -> list[tuple[str, int, int]]:
    return [(made.name, made.width, made.height) for made in _pictures(width, height)]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1280, 720), [("v360", 640, 360), ("v480", 854, 480), ("v720", 1280, 720)]),
        ((720, 1280), [("v360", 360, 640), ("v480", 480, 854), ("v720", 720, 1280)]),
        ((640, 360), [("v144", 256, 144), ("v240", 426, 240), ("v360", 640, 360)]),
        ((640, 271), [("v144", 342, 144), ("v240", 568, 240), ("v270", 640, 270)]),
        ((176, 144), [("v144", 176, 144)]),
        ((17, 17), [("v16", 16, 16)]),
    ],
)
def test_a_source_gets_its_own_size_and_the_usual_ones_below(size: tuple[int, int], expected: list[object]):
    assert _sizes(*size) == expected


def test_a_4k_source_gets_every_usual_rung():
    assert [made.name for made in _pictures(3840, 2160)] == ["v360", "v480", "v720", "v1080", "v1440", "v2160"]


def test_what_is_larger_than_h264_players_take_is_brought_down_to_it():
    top = _pictures(7680, 4320)[-1]
    assert (top.width, top.height) == (4096, 2304)
    assert max(_pictures(5120, 2160)[-1].width, 0) <= MAX_SIDE


@settings(deadline=None)
@given(st.integers(16, 8192), st.integers(16, 4320))
def test_every_rung_is_even_within_the_source_and_of_its_shape(width: int, height: int):
    made = _pictures(width, height)
    assert [min(rung.width, rung.height) for rung in made] == sorted({min(rung.width, rung.height) for rung in made})
    for rung in made:
        assert rung.width % 2 == 0
        assert rung.height % 2 == 0
        assert rung.width <= width
        assert rung.height <= height
        # Rounding to even pixels moves each side by at most one pixel against the exact shape.
        assert abs(rung.width * height - rung.height * width) <= 2 * (width + height)


def test_rates_grow_with_the_size_and_the_frame_rate():
    rates = {made.name: made.maxrate for made in _pictures(1920, 1080, frame_rate=Fraction(30))}
    assert rates == {"v360": 960, "v480": 1480, "v720": 2720, "v1080": 5000}
    assert _pictures(1920, 1080, frame_rate=Fraction(60))[-1].maxrate == 7070


@pytest.mark.parametrize(
    ("rate", "level"), [(Fraction(25), "4.0"), (Fraction(30000, 1001), "4.0"), (Fraction(60), "4.2")]
)
def test_the_level_follows_from_size_and_frame_rate(rate: Fraction, level: str):
    assert _pictures(1920, 1080, frame_rate=rate)[-1].level == level


def test_more_than_sixty_pictures_a_second_are_thinned_out():
    fast = _pictures(1280, 720, frame_rate=Fraction(240))[-1]
    assert fast.frame_rate == 60
    assert fast.limit_frame_rate
    usual = _pictures(1280, 720, frame_rate=Fraction(60000, 1001))[-1]
    assert usual.frame_rate == Fraction(60000, 1001)
    assert not usual.limit_frame_rate


def test_small_rungs_of_a_fast_film_show_every_second_picture():
    made = _pictures(1280, 720, frame_rate=Fraction(60000, 1001))
    assert [(rung.name, rung.frame_rate, rung.limit_frame_rate) for rung in made] == [
        ("v360", Fraction(30000, 1001), True),
        ("v480", Fraction(60000, 1001), False),
        ("v720", Fraction(60000, 1001), False),
    ]
    small = _pictures(640, 360, frame_rate=Fraction(50))
    assert {rung.frame_rate for rung in small} == {50}


PASSAGE = Passage(
    PicturePassage((Fraction(0), Fraction(4)), Fraction(10), 4_000_000, 2_000_000, "avc1.64001f"), frozenset({1})
)


def test_pictures_that_pass_are_the_largest_rung_and_the_rungs_below_are_encoded():
    *lower, top = [made for made in ladder(FILM, PASSAGE) if isinstance(made, VideoRendition)]
    assert [(made.name, made.copy) for made in lower] == [("v360", False), ("v480", False)]
    assert (top.name, top.copy, top.width, top.height, top.peak, top.average) == (
        *("v720", True, 1280, 720),
        *(4_000_000, 2_000_000),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"codec": "hevc"},
        {"profile": "High 10"},
        {"pixel_format": "yuv422p"},
        {"interlaced": True},
        {"rotation": 90},
        {"square": False},
        {"level": 62},
        {"frame_rate": Fraction(120)},
        {"transfer": "arib-std-b67"},
    ],
)
def test_pictures_that_some_browser_would_show_wrong_do_not_pass(changes: dict[str, Any]):
    assert may_pass(FILM)
    assert not may_pass(replace(FILM, video=replace(VIDEO, **changes)))


def test_the_smallest_encoded_rung_is_made_alone_and_the_others_in_one_decode():
    film = replace(FILM, video=replace(VIDEO, width=1920, height=1080, stored_width=1920, stored_height=1080))
    names = [[made.name for made in group] for group in groups(ladder(film))]
    assert names == [["v360"], ["v480", "v720", "v1080"], ["a1"]]
    names = [[made.name for made in group] for group in groups(ladder(film, PASSAGE))]
    assert names == [["v1080"], ["v360"], ["v480", "v720"], ["a1"]]


def test_av1_comes_in_a_small_and_a_large_size_and_no_film_waits_for_it():
    made = [rung for rung in ladder(FILM, PASSAGE, av1=True) if isinstance(rung, VideoRendition)]
    assert [rung.name for rung in made] == ["v360", "v480", "v720", "v480av1", "v720av1"]
    assert [rung.essential for rung in made] == [True, True, True, False, False]
    assert [[one.name for one in group] for group in groups(made)][-2:] == [["v480av1"], ["v720av1"]]
    assert [from_dict(json.loads(json.dumps(rung.to_dict()))) for rung in made] == made


@pytest.mark.parametrize(
    ("time_base", "ticks"),
    [
        (Fraction(1, 90_000), Fraction(90_000)),
        (Fraction(1, 10), Fraction(1000)),
        (Fraction(1001, 30_000), Fraction(30_000, 1001) * 34),
        (Fraction(1, 10**9), Fraction(90_000)),
    ],
)
def test_the_clock_keeps_every_time_stamp_of_the_source(time_base: Fraction, ticks: Fraction):
    assert _pictures(640, 360, time_base=time_base)[-1].ticks == ticks


def test_a_film_without_sound_has_no_sound_rendition_and_sound_alone_has_nothing_else():
    assert {made.kind for made in ladder(replace(FILM, audio=()))} == {"video"}
    assert [made.name for made in ladder(replace(FILM, video=None))] == ["a1"]


@pytest.mark.parametrize("source", [FILM, replace(FILM, video=None)])
def test_renditions_survive_json_exactly(source: Source):
    made = ladder(source)
    assert tuple(from_dict(json.loads(json.dumps(one.to_dict()))) for one in made) == made
