"""Posters, storyboards, I-frame playlists and caption tracks, as far as they need no film."""

from __future__ import annotations

from fractions import Fraction

import pytest

from server.domain import captions, iframes, playlist, posters, storyboard
from server.domain.captions import CaptionTrack
from server.domain.extras import VideoExtras
from server.domain.iframes import KeyFrame
from server.domain.source import TextTrack
from server.domain.timeline import Segment, segments


def text(index: int, codec: str, language: str | None = None, title: str | None = None) -> TextTrack:
    return TextTrack(index, codec, language, title, default=False, forced=index == 9)


def test_a_poster_is_looked_for_along_the_film_and_further_on_where_it_is_black():
    assert [posters.attempts(choice, Fraction(100))[0] for choice in range(4)] == [10, 30, 50, 70]
    assert posters.attempts(1, Fraction(100)) == [30, 33, 36]


@pytest.mark.parametrize("luma", [bytes(100), b"\xff" * 100, b"\x80" * 100, b"\x05\x10" * 50])
def test_black_white_and_grey_show_nothing(luma: bytes):
    assert not posters.shows_something(luma)


def test_a_street_tells_more_than_letters_on_black():
    street = bytes(range(256)) * 8
    letters = b"\xff" * 100 + bytes(1900)
    assert posters.shows_something(street)
    assert posters.score(street) > 2 * posters.score(letters)


def test_the_poster_is_the_chosen_candidate_else_the_best():
    assert VideoExtras(posters=(2, 0, 1)).poster == 2
    assert VideoExtras(posters=(2, 0, 1), chosen=1).poster == 1
    assert VideoExtras(posters=(2, 0), chosen=1).poster == 2
    assert VideoExtras().poster is None


def test_a_storyboard_has_a_tile_per_segment_until_there_would_be_too_many():
    short = storyboard.tiles(segments(Fraction(11), 4))
    assert [(tile.segment, float(tile.start), float(tile.end)) for tile in short] == [(0, 0, 4), (2, 4, 8), (3, 8, 11)]
    long = storyboard.tiles(segments(Fraction(3 * 3600), 4))
    assert len(long) == storyboard.MAX_TILES
    assert {tile.end - tile.start for tile in long} <= {Fraction(16), Fraction(20)}
    assert long[-1].end == 3 * 3600
    assert storyboard.sheets(len(long)) == 6


@pytest.mark.parametrize(
    ("film", "tile"),
    [((1920, 1080), (160, 90)), ((640, 272), (160, 68)), ((720, 1280), (90, 160)), ((64, 64), (160, 160))],
)
def test_a_tile_has_the_films_shape_and_even_sides(film: tuple[int, int], tile: tuple[int, int]):
    assert storyboard.tile_size(*film) == tile


def test_the_storyboard_says_where_every_moment_is():
    shown = storyboard.tiles(segments(Fraction(450), 4))
    cues = storyboard.document(shown, (160, 90)).split("\n\n")[1:]
    assert cues[0] == "00:00:00.000 --> 00:00:04.000\n0.jpg#xywh=0,0,160,90"
    assert cues[11].endswith("\n0.jpg#xywh=160,90,160,90")
    assert cues[100].endswith("\n1.jpg#xywh=0,0,160,90")


def test_an_iframe_playlist_names_a_range_of_every_segment():
    frames = [
        KeyFrame(Segment(0, Fraction(0), Fraction(2)), 0, 1000),
        KeyFrame(Segment(1, Fraction(2), Fraction(4)), 24, 4000),
    ]
    written = iframes.playlist(frames).splitlines()
    assert "#EXT-X-I-FRAMES-ONLY" in written
    assert written[-4:-1] == ["#EXTINF:4.000000,", "#EXT-X-BYTERANGE:4000@24", "00001.m4s"]
    assert iframes.rates(frames) == playlist.Rates(peak=8000, average=round(5000 * 8 / 6))


def test_only_text_becomes_captions_and_the_rest_is_named():
    texts = [text(2, "subrip", "ger"), text(3, "hdmv_pgs_subtitle", "eng"), text(9, "ass", "de", 'Signs\n"and" songs')]
    assert captions.embedded(texts) == [
        (CaptionTrack("t1", "de", "German", forced=False), 2),
        (CaptionTrack("t3", "de", "Signs 'and' songs", forced=True), 9),
    ]
    (missing,) = captions.left_out(texts)
    assert (missing["language"], missing["codec"]) == ("en", "hdmv_pgs_subtitle")


def test_two_tracks_never_have_the_same_label():
    first, second = captions.embedded([text(2, "subrip", "en"), text(3, "subrip", "en")])
    assert first[0].label != second[0].label
    assert captions.added("u1", "en", first[0].label, [first[0]]).label != first[0].label


def test_a_playlist_is_read_back_as_it_was_written():
    planned = segments(Fraction(1001, 50), 4)
    assert playlist.segments_of(playlist.media(planned)) == planned


def test_captions_are_a_group_that_every_variant_has():
    track = CaptionTrack("t1", "en", "English", forced=True)
    written = playlist.multivariant([], [track])
    assert (
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="text",NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,FORCED=YES,'
        'URI="t1/index.m3u8"'
    ) in written
    assert "#EXTINF:600.500000,\ncaptions.vtt" in playlist.captions(Fraction(1201, 2))
