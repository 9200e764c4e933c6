"""What is told of a file, and which files are refused with which words."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from server.domain.source import AudioTrack, Chapter, Source, TextTrack, VideoTrack, check
from server.errors import Unplayable

VIDEO = VideoTrack(
    index=0,
    codec="h264",
    profile="High",
    level=31,
    width=1280,
    height=720,
    stored_width=1280,
    stored_height=720,
    square=True,
    frame_rate=Fraction(30000, 1001),
    time_base=Fraction(1, 30000),
    pixel_format="yuv420p",
    interlaced=False,
    full_range=False,
    primaries="bt709",
    transfer="bt709",
    space="bt709",
    rotation=0,
    bit_rate=1_500_000,
    start=Fraction(0),
    duration=Fraction(10),
)
AUDIO = AudioTrack(1, "aac", "LC", 2, 48_000, Fraction(1, 48_000), Fraction(0), "eng", None, True)
CAPTIONS = TextTrack(2, "mov_text", "eng", None, True, False)
CHAPTER = Chapter(Fraction(0), Fraction(5), "Opening")
FILM = Source("mov,mp4,m4a,3gp,3g2,mj2", Fraction(531, 50), 1_055_736, VIDEO, (AUDIO,))


def _check(source: Source) -> Source:
    return check(source, max_duration=24 * 3600, max_pixels=8192 * 4320)


def test_a_film_with_sound_passes_unchanged():
    assert _check(FILM) == FILM


def test_sound_alone_passes():
    assert _check(replace(FILM, video=None)).audio == (AUDIO,)


def test_a_sound_track_that_names_no_channels_is_left_out():
    silent = replace(AUDIO, index=2, channels=0)
    assert _check(replace(FILM, audio=(AUDIO, silent))).audio == (AUDIO,)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (replace(FILM, video=None, audio=()), "unplayable.no-streams"),
        (replace(FILM, duration=Fraction(0)), "unplayable.no-duration"),
        (replace(FILM, duration=Fraction(24 * 3600 + 1)), "unplayable.too-long"),
        (replace(FILM, video=replace(VIDEO, width=1, height=1)), "unplayable.too-small"),
        (replace(FILM, video=replace(VIDEO, width=640, height=15)), "unplayable.too-small"),
        (replace(FILM, video=replace(VIDEO, stored_width=16_384, stored_height=16_384)), "unplayable.too-many-pixels"),
        (replace(FILM, video=replace(VIDEO, width=1_000_000)), "unplayable.too-many-pixels"),
        (replace(FILM, video=replace(VIDEO, frame_rate=Fraction(1_000_000))), "unplayable.too-many-frames"),
        (replace(FILM, video=replace(VIDEO, codec="png")), "unplayable.still-image"),
    ],
)
def test_what_cannot_be_played_is_refused_with_its_own_code(source: Source, code: str):
    with pytest.raises(Unplayable) as refused:
        _check(source)
    assert refused.value.code == code
    assert refused.value.message.endswith(".")


def test_the_pictures_end_before_a_longer_sound_track():
    assert FILM.picture_duration == 10
    assert replace(FILM, video=replace(VIDEO, duration=None)).picture_duration == FILM.duration
    assert replace(FILM, video=replace(VIDEO, start=Fraction(1, 2))).picture_duration == Fraction(21, 2)


def test_facts_survive_json_exactly():
    assert Source.from_dict(json.loads(json.dumps(FILM.to_dict()))) == FILM
    told = replace(FILM, texts=(CAPTIONS,), chapters=(CHAPTER,), cover=3, cuts=(Fraction(0), Fraction(25, 6)))
    assert Source.from_dict(json.loads(json.dumps(told.to_dict()))) == told
    alone = replace(FILM, video=None)
    assert Source.from_dict(json.loads(json.dumps(alone.to_dict()))) == alone
