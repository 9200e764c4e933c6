"""What can be copied, and where it is cut, is settled before the first cut."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tests.unit.media.mp4.films import BASELINE_SPS, IDR, PPS, SLICE, SPS, aac, avc, film, nal, pictures, sound, table
from workers.media.boxes import box
from workers.media.mp4.plan import plan_audio, plan_video
from workers.media.mp4.refusal import NotCopyable

TARGET = Fraction(4)


def cuts(opened, track, target: Fraction = TARGET) -> list[float]:
    return [float(cut) for cut in plan_video(opened(film(track)), 0, target).cuts]


def test_the_first_two_segments_are_short_and_the_others_as_long_as_asked(opened):
    assert cuts(opened, pictures(20, gop=25)) == [0, 2, 4, 8, 12, 16]
    assert cuts(opened, pictures(20, gop=50), Fraction(6)) == [0, 2, 4, 10, 16]


def test_a_key_frame_a_little_early_ends_a_segment(opened):
    assert cuts(opened, pictures(20, gop=47)) == [0, 1.88, 3.76, 7.52, 11.28, 15.04, 18.8]


def test_a_short_rest_goes_with_the_segment_before(opened):
    assert cuts(opened, pictures(14, gop=20), Fraction(8)) == [0, 2.4, 4.8, 12]
    assert cuts(opened, pictures(13, gop=20), Fraction(8)) == [0, 2.4, 4.8, 12]
    assert cuts(opened, pictures(12, gop=13), Fraction(8))[-1] < 11


def test_rather_a_short_segment_than_one_that_is_too_long(opened):
    assert cuts(opened, pictures(20, keys=[0, 25, 275], shifts=(), samples=[nal(IDR)] * 500)) == [0, 1, 11]


def test_rates_count_what_the_segments_need(opened):
    track = pictures(12)
    found = plan_video(opened(film(track)), 0, TARGET)
    assert found.end - found.cuts[0] == 12
    bits = 8 * sum(map(len, track.samples)) / 12
    assert bits < found.average < bits + 8 * (25 * 16 + 128)
    assert found.peak >= found.average


def test_without_a_list_of_key_frames_every_picture_is_one(opened):
    track = pictures(4, keys=None, shifts=(), samples=[nal(IDR)] * 100)
    assert cuts(opened, track, Fraction(1)) == [0, 0.88, 1.76, 2.64, 3.52]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"entry": avc(kind=b"avc3")}, "not H.264"),
        ({"entry": avc(kind=b"hvc1")}, "not H.264"),
        ({"entry": avc(bytes.fromhex("676e001eac"))}, "profile"),
        ({"entry": avc(bytes.fromhex("67640035ac"))}, "level"),
        ({"entry": avc(bytes.fromhex("67640015a580"))}, "4:2:0"),  # bit depth of 9
        ({"entry": avc(bytes.fromhex("676400159380"))}, "4:2:0"),  # 4:4:4
        ({"entry": avc(extra=box(b"pasp", b"\0\0\0\4\0\0\0\3"))}, "square"),
        ({"entry": avc(extra=box(b"sinf"))}, "encrypted"),
        ({"entry": avc() + avc()}, "changes its codec"),
        ({"entry": avc(length_size=3)}, "three bytes"),
        ({"keys": [1, 60]}, "begin with a key frame"),
        ({"keys": [60, 50]}, "list of key frames"),
        ({"keys": [0, 999_999]}, "list of key frames"),
        ({"keys": [0]}, "too far apart"),
        ({"shifts": ()}, None),
        ({"shifts": [0] * 299 + [1 << 28]}, "absurdly"),
        ({"shifts": [0] * 299}, "agree"),
        ({"shifts": [0] * 298 + [512, 0]}, "at the same time"),
        ({"shifts": [700] + [0] * 299}, "not the first"),
        ({"durations": [512] * 299}, "agree"),
        ({"durations": [512_000] * 300, "shifts": ()}, "too far apart"),
        ({"durations": [0] * 300}, "at the same time"),
        ({"timescale": 10_000_000}, "too fine"),
        ({"samples": [nal(IDR, 9_000)] * 300, "durations": [20] * 300, "shifts": ()}, "too many"),
        ({"samples": [nal(SLICE)] * 300}, "decoding can begin"),
        ({"samples": [nal(6)] * 300}, "damaged"),
        ({"samples": [nal(IDR)[:-1]] * 300}, "damaged"),
        ({"replaced": {b"stco": table(b"stco", [(1 << 31,)] * 60)}}, "cut off"),
        ({"replaced": {b"stsd": b""}}, "damaged"),
        ({"replaced": {b"stsz": table(b"stsz", [])}}, "damaged"),
        ({"replaced": {b"stts": b"\0\0\0\x18stts\0\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0"}}, "too many samples"),
        ({"replaced": {b"stsc": table(b"stsc", [(1, 5, 1), (1, 5, 1)])}}, "agree"),
        ({"replaced": {b"stsc": table(b"stsc", [(1, 0, 1)])}}, "agree"),
    ],
)
def test_pictures_that_do_not_pass_say_why(opened, changes: dict[str, Any], reason: str | None):
    index = opened(film(pictures(**changes)))
    if reason is None:
        assert plan_video(index, 0, TARGET).cuts
        return
    with pytest.raises(NotCopyable, match=reason):
        plan_video(index, 0, TARGET)


def test_samples_of_one_size_are_no_compressed_film(opened):
    track = pictures()
    track.replaced[b"stsz"] = box(b"stsz", b"\0\0\0\0\0\0\0\x09\xff\xff\xff\xff")
    with pytest.raises(NotCopyable, match="one size"):
        plan_video(opened(film(track)), 0, TARGET)


def test_a_key_frame_with_pictures_around_it_is_no_place_to_cut(opened):
    """An open GOP: a picture that comes behind the key frame is shown before it."""
    track = pictures(8, gop=50)
    shifts = list(track.shifts)
    assert cuts(opened, track) == [0, 2, 4]
    shifts[50], shifts[52] = shifts[50] + 512, shifts[52] - 512
    track.shifts = shifts
    assert cuts(opened, track) == [0, 4, 6]


def test_parameter_sets_may_come_again_but_not_change(opened):
    def beginning(*units: bytes) -> list[bytes]:
        first = b"".join(len(unit).to_bytes(4, "big") + unit for unit in units) + nal(IDR)
        return [first if at % 50 == 0 else nal(SLICE) for at in range(300)]

    assert cuts(opened, pictures(samples=beginning(SPS, PPS)))
    with pytest.raises(NotCopyable, match="parameters"):
        cuts(opened, pictures(samples=beginning(BASELINE_SPS)))


def test_sound_is_copied_from_mp4_and_from_quicktime(opened):
    for entry in (aac(), aac(quicktime=True), aac(bytes.fromhex("119056e500"))):
        found = plan_audio(opened(film(sound(entry=entry))), 0)
        assert (found.start, found.sample_rate, found.channels) == (Fraction(0), 48_000, 2)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"entry": avc()}, "not AAC"),
        ({"entry": aac(bytes.fromhex("2990"))}, "not AAC-LC"),
        ({"entry": aac(bytes.fromhex("1194"))}, "1024"),  # frames of 960 samples
        ({"entry": aac(bytes.fromhex("119056e580"))}, "HE-AAC"),
        ({"entry": aac(bytes.fromhex("1090"))}, "rate"),  # 64 kHz
        ({"entry": aac(bytes.fromhex("11a0"))}, "channels"),
        ({"entry": aac(b"\x11")}, "damaged"),
        ({"timescale": 44_100}, "count its samples"),
        ({"durations": [1024, 1023, *[1024] * 560]}, "several lengths"),
        ({"edits": [(11_000, 48_001)]}, "middle"),
    ],
)
def test_sound_that_does_not_pass_says_why(opened, changes: dict[str, Any], reason: str):
    with pytest.raises(NotCopyable, match=reason):
        plan_audio(opened(film(sound(**changes))), 0)


def test_a_last_frame_that_is_said_to_be_shorter_is_a_whole_one(opened):
    assert plan_audio(opened(film(sound(durations=[*[1024] * 561, 700]))), 0).channels == 2
