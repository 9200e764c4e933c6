"""Sound in the playlist of playlists."""

from __future__ import annotations

from dataclasses import replace

from server.domain.ladder import ladder
from server.domain.playlist import Measure, Offer, multivariant
from server.domain.rendition import AudioRendition, VideoRendition
from tests.unit.domain.test_source import AUDIO, FILM

SURROUND = replace(AUDIO, channels=6, layout="5.1")
DESCRIBED = replace(AUDIO, index=2, language="deu", default=False, described=True)


def _lines(*tracks: object, pictures: bool = True) -> list[str]:
    source = replace(FILM, audio=tracks, video=FILM.video if pictures else None)  # type: ignore[arg-type]
    made = [one for one in ladder(source) if isinstance(one, AudioRendition) or one.name == "v360"]
    codecs = {VideoRendition: "avc1.64001f", AudioRendition: "mp4a.40.2"}
    return multivariant(
        [Offer(one, codecs[type(one)], Measure(64_000, 80_000, complete=False)) for one in made]
    ).splitlines()


def test_all_sound_is_one_group_and_says_what_it_is():
    lines = _lines(SURROUND, DESCRIBED)
    assert [line for line in lines if line.startswith("#EXT-X-MEDIA")] == [
        (
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,'
            'CHANNELS="2",URI="a1/index.m3u8"'
        ),
        (
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="English 5.1",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=NO,'
            'CHANNELS="6",URI="a1s/index.m3u8"'
        ),
        (
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="German",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,'
            'CHARACTERISTICS="public.accessibility.describes-video",CHANNELS="2",URI="a2/index.m3u8"'
        ),
    ]
    assert sum(line.startswith("#EXT-X-STREAM-INF") for line in lines) == 1


def test_a_variant_carries_its_loudest_sound_and_names_every_codec_once():
    (variant,) = (line for line in _lines(SURROUND, DESCRIBED) if line.startswith("#EXT-X-STREAM-INF"))
    # Pictures of 960 kbit/s and copied 5.1 of 384, each with half as much in reserve.
    assert "BANDWIDTH=2016000," in variant
    assert 'CODECS="avc1.64001f,mp4a.40.2"' in variant


def test_languages_of_sound_alone_are_no_qualities():
    lines = _lines(AUDIO, DESCRIBED, pictures=False)
    assert [line for line in lines if not line.startswith("#")] == ["a1/index.m3u8"]
    assert sum(line.startswith("#EXT-X-MEDIA") for line in lines) == 2
    assert lines[-2] == ('#EXT-X-STREAM-INF:BANDWIDTH=192000,AVERAGE-BANDWIDTH=64000,CODECS="mp4a.40.2",AUDIO="sound"')
