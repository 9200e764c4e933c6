"""The text of the playlists."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from server.domain.ladder import ladder
from server.domain.playlist import Measure, Offer, measure, media, multivariant, segment_name
from server.domain.timeline import segments
from tests.unit.domain.test_source import FILM

V360, V480, V720, A1 = ladder(FILM)


def _offer(made: object, size: int = 500_000) -> Offer:
    codecs = "mp4a.40.2" if made is A1 else "avc1.64001f"
    return Offer(made, codecs, Measure(size * 2, size * 3, complete=False))  # type: ignore[arg-type]


def test_a_media_playlist_is_complete_from_the_start():
    assert media(segments(Fraction("8.49"), 4)).splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:4",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-MAP:URI="init.mp4"',
        "#EXTINF:2.000000,",
        "00000.m4s",
        "#EXTINF:2.000000,",
        "00001.m4s",
        "#EXTINF:4.490000,",
        "00002.m4s",
        "#EXT-X-ENDLIST",
    ]


def test_the_target_duration_is_never_zero():
    assert "#EXT-X-TARGETDURATION:1\n" in media(segments(Fraction(1, 25), 4))


def test_segment_names_sort_like_their_numbers():
    assert [segment_name(index) for index in (0, 7, 12345)] == ["00000.m4s", "00007.m4s", "12345.m4s"]


def test_the_multivariant_playlist_names_pictures_with_their_sound():
    assert multivariant([_offer(V720), _offer(V360, 250_000), _offer(A1, 64_000)]).splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        (
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,'
            'CHANNELS="2",URI="a1/index.m3u8"'
        ),
        (
            '#EXT-X-STREAM-INF:BANDWIDTH=1696000,AVERAGE-BANDWIDTH=628000,CODECS="avc1.64001f,mp4a.40.2",'
            'RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO="sound"'
        ),
        "v360/index.m3u8",
        (
            '#EXT-X-STREAM-INF:BANDWIDTH=4336000,AVERAGE-BANDWIDTH=1128000,CODECS="avc1.64001f,mp4a.40.2",'
            'RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="sound"'
        ),
        "v720/index.m3u8",
    ]


def test_pictures_without_sound_name_no_group():
    text = multivariant([_offer(V480)])
    assert "AUDIO" not in text
    assert 'CODECS="avc1.64001f"' in text


def test_sound_alone_is_a_variant_of_its_own():
    lines = multivariant([_offer(A1, 64_000)]).splitlines()
    assert lines[-2:] == [
        '#EXT-X-STREAM-INF:BANDWIDTH=256000,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.2"',
        "a1/index.m3u8",
    ]


def test_a_rendition_of_which_nothing_was_measured_has_no_average_yet():
    unmeasured = replace(_offer(V360), measured=Measure(0, 0, complete=False))
    assert "AVERAGE-BANDWIDTH" not in multivariant([unmeasured, _offer(A1)])


def test_rates_are_measured_once_every_segment_exists():
    planned = segments(Fraction(8), 4)
    part = measure(planned, {0: 100_000, 2: 600_000})
    assert (part.average, part.peak, part.complete) == (round(700_000 * 8 / 6), 1_200_000, False)
    whole = measure(planned, {0: 100_000, 1: 500_000, 2: 600_000})
    assert (whole.peak, whole.complete) == (2_000_000, True)
    offer = replace(_offer(V360), measured=whole)
    assert "BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1200000," in multivariant([offer])
    assert measure(planned, {}) == Measure(0, 0, complete=False)
