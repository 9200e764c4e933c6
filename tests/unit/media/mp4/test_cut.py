"""Segments hold the very samples of the film, and their init segment says what they are."""

from __future__ import annotations

import struct
from fractions import Fraction

import pytest

from server.domain.timeline import FrameGrid
from tests.unit.media.mp4.films import IDR, PPS, SPS, aac, avc, film, nal, pictures, sound
from workers.media import fmp4
from workers.media.boxes import box, find
from workers.media.mp4.cut import cut_audio, cut_video
from workers.media.mp4.entries import read_audio, read_video
from workers.media.mp4.head import audio_head, video_head
from workers.media.mp4.plan import plan_audio, plan_video
from workers.media.mp4.refusal import NotCopyable

TARGET = Fraction(4)


def test_every_sample_is_in_one_segment_in_its_own_order(opened):
    track = pictures(12, edits=[(13_000, 512)])
    index = opened(film(sound(), track))
    cuts = plan_video(index, 1, TARGET).cuts
    made = cut_video(index, 1, cuts, None, first=7)
    fragments = [fmp4.parse(cut.data).fragments[0] for cut in made]
    samples = [cut.data[one.place] for cut, part in zip(made, fragments, strict=True) for one in part.samples]
    assert samples == track.samples
    assert [struct.unpack_from(">I", cut.data, cut.data.index(b"mfhd") + 8)[0] for cut in made] == [8, 9, 10, 11]
    assert [cut.start for cut in made] == list(cuts)
    assert sum(cut.length for cut in made) == 12
    assert [cut.frames for cut in made] == [50, 50, 100, 100]


def test_a_picture_keeps_its_time_and_lasts_until_the_next(opened):
    (made,) = cut_video(opened(film(pictures(2))), 0, [Fraction(0)], None, first=0)
    (part,) = fmp4.parse(made.data).fragments
    assert [sample.time for sample in part.samples][:6] == [0, 1024, 512, 2048, 1536, 3072]
    assert {sample.duration for sample in part.samples} == {512}
    assert (part.decode_time, part.end_time) == (0, 25_600)


def test_key_frames_within_a_segment_are_marked_where_one_can_really_begin(opened):
    track = pictures(4, gop=25)
    (made,) = cut_video(opened(film(track)), 0, [Fraction(0)], None, first=0)
    keys = [at for at, sample in enumerate(fmp4.parse(made.data).fragments[0].samples) if sample.key]
    assert keys == [0, 25, 50, 75]
    shifts = list(track.shifts)
    shifts[25], shifts[27] = shifts[25] + 512, shifts[27] - 512
    track.shifts = shifts
    (made,) = cut_video(opened(film(track)), 0, [Fraction(0)], None, first=0)
    keys = [at for at, sample in enumerate(fmp4.parse(made.data).fragments[0].samples) if sample.key]
    assert keys == [0, 50, 75]


def test_a_boundary_before_the_first_picture_means_the_first_picture(opened):
    index = opened(film(pictures(4, edits=[(900, -1), (5_000, 512)]), sound()))
    (made, _) = cut_video(index, 0, [Fraction(0), Fraction(29, 10)], None, first=0)
    assert (made.start, made.length) == (Fraction(9, 10), Fraction(2))


@pytest.mark.parametrize("boundary", [Fraction(1), Fraction(2) + Fraction(1, 12_800), Fraction(100)])
def test_only_key_frames_are_boundaries(opened, boundary: Fraction):
    with pytest.raises(NotCopyable):
        cut_video(opened(film(pictures())), 0, [boundary], None, first=0)


def test_a_segment_that_is_too_large_is_not_put_together(opened):
    track = pictures(4, samples=[nal(IDR)] * 100)
    sizes = struct.pack(">3I", 0, 0, 100) + struct.pack(">I", 1 << 20) * 100
    track.replaced[b"stsz"] = box(b"stsz", sizes)
    with pytest.raises(NotCopyable, match="too large"):
        cut_video(opened(film(track)), 0, [Fraction(0)], None, first=0)


def test_frames_of_sound_have_the_numbers_of_the_grid(opened):
    track = sound(2, edits=[(2_000, 1024)])
    index = opened(film(track))
    found = cut_audio(index, 0, FrameGrid(48_000), range(10, 20))
    # One frame of priming lies before the film, so that number 0 is the second one.
    assert found == {number: track.samples[number + 1] for number in range(10, 20)}
    assert cut_audio(index, 0, FrameGrid(48_000), range(500, 510)) == {}


def test_sound_beside_the_grid_goes_to_the_nearest_place(opened):
    """Apple primes by 2112 samples, which is two frames and 64 samples."""
    track = sound(2, edits=[(2_000, 2112)])
    index = opened(film(track))
    assert cut_audio(index, 0, FrameGrid(48_000), range(2)) == {0: track.samples[2], 1: track.samples[3]}
    assert plan_audio(index, 0).start == 0


def test_the_edit_list_ends_the_sound(opened):
    index = opened(film(sound(2, edits=[(1_000, 0)])))
    # 48000 samples are 46 frames and a part of one, which is heard.
    assert max(cut_audio(index, 0, FrameGrid(48_000), range(90))) == 46


def test_the_init_segment_of_pictures_says_what_was_read_and_nothing_else():
    entry = avc(extra=box(b"colr", b"nclx\0\1\0\1\0\1\0") + box(b"btrt", bytes(12)) + box(b"evil", b"?" * 50))
    found = read_video(entry, b"avc1", 8, len(entry))
    head = video_head(found, 12_800)
    movie = fmp4.parse(head)
    assert (movie.timescale, movie.codecs) == (12_800, "avc1.640015")
    for part in (SPS, PPS, b"nclx", b"mvex"):
        assert part in head
    for part in (b"evil", b"btrt"):
        assert part not in head
    ((body, _),) = find(head, 0, len(head), b"mdhd")
    assert struct.unpack_from(">I", head, body + 12)[0] == 12_800


def test_the_init_segment_of_sound_says_what_was_read():
    entry = aac()
    head = audio_head(read_audio(entry, b"mp4a", 8, len(entry)))
    assert (fmp4.parse(head).timescale, fmp4.parse(head).codecs) == (48_000, "mp4a.40.2")
