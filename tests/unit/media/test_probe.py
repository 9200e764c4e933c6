"""What ffprobe says, read as facts."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from server.errors import Unplayable
from workers.media.probe import parse

PICTURE: dict[str, Any] = {
    "index": 0,
    "codec_type": "video",
    "codec_name": "h264",
    "width": 1440,
    "height": 1080,
    "sample_aspect_ratio": "4:3",
    "pix_fmt": "yuv420p",
    "avg_frame_rate": "30000/1001",
    "r_frame_rate": "30000/1001",
    "time_base": "1/90000",
    "start_time": "1.500000",
    "duration": "10.010000",
    "disposition": {"default": 1},
}
SOUND: dict[str, Any] = {
    "index": 1,
    "codec_type": "audio",
    "codec_name": "aac",
    "profile": "LC",
    "channels": 2,
    "sample_rate": "48000",
    "time_base": "1/90000",
    "start_time": "1.400000",
    "disposition": {"default": 1},
    "tags": {"language": "deu", "title": "Kommentar"},
}
FORM: dict[str, Any] = {"format_name": "mpegts", "start_time": "1.400000", "duration": "10.110000"}


def _parse(*streams: dict[str, Any], **form: Any) -> Any:
    return parse({"streams": list(streams), "format": FORM | form}, 1000)


def test_times_are_counted_from_where_the_file_begins():
    found = _parse(PICTURE, SOUND)
    assert found.video.start == Fraction("0.1")
    assert found.audio[0].start == 0
    assert found.duration == Fraction("10.11")


def test_the_size_is_the_displayed_one():
    assert (_parse(PICTURE).video.width, _parse(PICTURE).video.height) == (1920, 1080)
    assert _parse(PICTURE).video.pixels == 1440 * 1080


@pytest.mark.parametrize("turned", [{"side_data_list": [{"rotation": -90}]}, {"tags": {"rotate": "90"}}])
def test_a_turned_picture_is_upright(turned: dict[str, Any]):
    found = _parse(PICTURE | turned)
    assert (found.video.width, found.video.height) == (1080, 1920)


def test_a_cover_is_not_a_film():
    cover = PICTURE | {"codec_name": "mjpeg", "disposition": {"attached_pic": 1}}
    found = _parse(cover, SOUND)
    assert found.video is None
    assert found.audio[0].language == "deu"
    assert found.audio[0].title == "Kommentar"


def test_subtitles_and_unknown_streams_are_left_aside():
    found = _parse({"index": 2, "codec_type": "subtitle"}, {"index": 3}, PICTURE)
    assert found.video.index == 0
    assert found.audio == ()


def test_an_unknown_frame_rate_falls_back_to_the_next_best_guess():
    assert _parse(PICTURE | {"avg_frame_rate": "0/0"}).video.frame_rate == Fraction(30000, 1001)
    assert _parse(PICTURE | {"avg_frame_rate": "0/0", "r_frame_rate": "0/0"}).video.frame_rate == 25


def test_matroska_says_the_length_of_its_pictures_in_a_tag():
    tagged = {name: value for name, value in PICTURE.items() if name != "duration"}
    tagged["tags"] = {"DURATION": "01:00:09.541000000"}
    assert _parse(tagged).video.duration == Fraction("3609.541")
    assert _parse(PICTURE | {"duration": "N/A"}).video.duration is None


def test_a_file_without_a_length_has_none():
    assert _parse(PICTURE, duration="N/A").duration == 0


def test_a_thousand_tracks_are_refused():
    with pytest.raises(Unplayable) as refused:
        _parse(*[SOUND] * 1000)
    assert refused.value.code == "unplayable.tracks"
