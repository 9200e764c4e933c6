"""The index of a film is found wherever it stands, and its clock is that of ffmpeg."""

from __future__ import annotations

import struct
from fractions import Fraction

import pytest

from tests.unit.media.mp4.films import film, pictures, sound, table
from workers.media.boxes import box
from workers.media.mp4.index import rescale
from workers.media.mp4.plan import plan_audio, plan_video
from workers.media.mp4.refusal import NotCopyable

TARGET = Fraction(4)


def test_the_tracks_are_found_in_the_order_of_the_file(opened):
    index = opened(film(sound(), pictures()))
    assert [track.kind for track in index.tracks] == [b"soun", b"vide"]
    assert plan_audio(index, 0).sample_rate == 48_000
    assert plan_video(index, 1, TARGET).codecs == "avc1.640015"


def test_without_edit_lists_the_film_begins_with_its_first_picture(opened):
    assert plan_video(opened(film(pictures())), 0, TARGET).cuts[0] == 0
    # 512 ticks of delay: with sound from 0, the pictures come one picture late.
    assert plan_video(opened(film(pictures(), sound())), 0, TARGET).cuts[0] == Fraction(1, 25)


@pytest.mark.parametrize("media_time", [0, 512])
def test_with_an_edit_list_pictures_begin_where_it_says(opened, media_time: int):
    index = opened(film(pictures(edits=[(13_000, media_time)]), sound()))
    assert plan_video(index, 0, TARGET).cuts[0] == 0


def test_an_empty_edit_makes_a_track_late(opened):
    index = opened(film(pictures(edits=[(700, -1), (13_000, 512)]), sound(edits=[(300, -1), (13_000, 1024)])))
    assert plan_video(index, 0, TARGET).cuts[0] == Fraction(4, 10)
    assert plan_audio(index, 1).start == 0
    # The frame of priming lies before the film.
    assert -index.zero(index.tracks[1]) == -1024


def test_the_start_of_the_film_is_counted_in_rounded_microseconds(opened):
    index = opened(
        film(pictures(edits=[(333, -1), (13_000, 512)], timescale=30_000), sound(edits=[(1000, -1), (99_000, 0)]))
    )
    assert index.origin == 333_000
    assert rescale(1, 1_000_000, 12_800) == 78
    assert (rescale(1, 1, 2), rescale(-1, 1, 2), rescale(1, 1, 3)) == (1, -1, 0)


def test_text_a_little_before_the_film_counts_and_text_far_before_does_not(opened):
    text = sound(kind=b"text")
    near = opened(film(pictures(edits=[(900, -1), (13_000, 512)]), text))
    far = opened(film(pictures(edits=[(1900, -1), (13_000, 512)]), text))
    assert (near.origin, far.origin) == (0, 1_900_000)


def test_an_index_before_the_samples_and_one_behind_a_wide_box_are_found(opened):
    data = film(pictures())
    moov = data.index(b"moov") - 4
    wide = struct.pack(">I4sQ", 1, b"free", 16 + 5) + bytes(5)
    assert opened(data[:moov] + wide + data[moov:]).data == data[moov + 8 :]
    assert opened(data[moov:]).data == data[moov + 8 :]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no index"),
        (b"RIFF____AVI LIST", "damaged|no index"),
        (film(pictures())[:-1], "cut off"),
        (film(pictures()) + box(b"moof", bytes(8)), "fragmented"),
        (film(pictures(), extra=box(b"mvex")), "fragmented"),
        (film(pictures(), extra=box(b"udta", b"iTunSMPB")), "priming"),
        (film(), "0 tracks"),
        (film(*[sound(1)] * 65), "65 tracks"),
        (film(pictures(), extra=box(b"udta") * 2000), "too many boxes"),
        (film(pictures(kind=b"text")), "neither pictures nor sound"),
        (film(pictures(timescale=0)), "does not tick"),
        (struct.pack(">I4sQ", 1, b"moov", 1 << 40), "too large"),
        (struct.pack(">I4sQ", 1, b"free", 3), "damaged"),
        (box(b"free") * 10_001, "too many boxes"),
        (film(pictures(edits=[(1, 1)] * 100)), "edit list"),
    ],
)
def test_a_file_that_cannot_be_cut_says_why(opened, data: bytes, reason: str):
    with pytest.raises(NotCopyable, match=reason):
        opened(data)


@pytest.mark.parametrize(
    "edits",
    [[(1000, 512), (1000, 20_000)], [(12_000, -1)], [(0, 512)], [(13_000, 512), (300, -1)]],
    ids=["two parts", "nothing", "no length", "empty behind"],
)
def test_an_edit_list_that_does_more_than_shift_is_not_copied(opened, edits: list[tuple[int, int]]):
    with pytest.raises(NotCopyable, match="edit list"):
        plan_video(opened(film(pictures(edits=edits), sound())), 0, TARGET)


def test_an_edit_list_that_plays_at_another_speed_is_not_copied(opened):
    with pytest.raises(NotCopyable, match="edit list"):
        plan_video(opened(film(pictures(edits=[(13_000, 512)], rate=0x20000))), 0, TARGET)


@pytest.mark.parametrize(("length", "media_time"), [(11_000, 512), (13_000, 513)])
def test_an_edit_list_that_leaves_pictures_out_is_not_copied(opened, length: int, media_time: int):
    with pytest.raises(NotCopyable, match="leaves pictures out"):
        plan_video(opened(film(pictures(edits=[(length, media_time)]))), 0, TARGET)


def test_data_in_another_file_are_not_looked_for(opened):
    data = film(pictures()).replace(b"url \0\0\0\1", b"url \0\0\0\0")
    with pytest.raises(NotCopyable, match="another file"):
        plan_video(opened(data), 0, TARGET)


def test_a_track_with_two_sample_entries_is_not_copied(opened):
    track = pictures()
    track.replaced[b"stsc"] = table(b"stsc", [(1, 5, 1), (3, 5, 2)])
    with pytest.raises(NotCopyable, match="on the way"):
        plan_video(opened(film(track)), 0, TARGET)
