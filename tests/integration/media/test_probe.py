"""Real files are looked into, and what is no film is refused with its reason."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from server.errors import Unplayable
from server.settings import Media
from tests import clips
from tests.integration.media.film import LIMITS, ffmpeg, make
from workers.media.probe import probe


def test_real_films_tell_what_they_are():
    bunny = probe(clips.bunny(), LIMITS)
    assert bunny.video is not None
    assert (bunny.video.codec, bunny.video.width, bunny.video.height) == ("h264", 1280, 720)
    assert bunny.video.frame_rate == 25
    assert (bunny.audio[0].codec, bunny.audio[0].profile, bunny.audio[0].channels) == ("aac", "LC", 6)
    assert bunny.duration == Fraction("5.312")
    carphone = probe(clips.carphone(), LIMITS)
    assert carphone.video is not None
    assert carphone.video.frame_rate == Fraction(30000, 1001)
    assert carphone.audio == ()


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _magicyuv(path: Path) -> Path:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64:duration=1", "-c:v", "magicyuv", path)
    return path


def _picture(path: Path, name: str) -> Path:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64", "-frames:v", "1", "-update", "1", path / name)
    return (path / name).rename(path / "film.mp4")


def _tiny(path: Path) -> Path:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=16x16:duration=2", "-vf", "scale=1:1", "-c:v", "ffv1", path)
    return path


def _cut_off(path: Path) -> Path:
    content = clips.bikes().read_bytes()
    assert content.index(b"moov") > content.index(b"mdat")
    return _written(path, content[: len(content) // 2])


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n/in/source\n#EXT-X-ENDLIST\n"
CONCAT = b"ffconcat version 1.0\nfile /in/source\n"

REFUSED = [
    pytest.param(lambda folder: _written(folder / "e.mp4", b""), "unplayable.empty", id="empty"),
    pytest.param(lambda folder: _written(folder / "t.mp4", b"Dear diary,\n" * 400), "unplayable.format", id="text"),
    pytest.param(lambda folder: _written(folder / "r.mp4", bytes(range(256)) * 99), "unplayable.format", id="noise"),
    pytest.param(lambda folder: _written(folder / "p.mp4", PLAYLIST), "unplayable.format", id="playlist"),
    pytest.param(lambda folder: _written(folder / "c.mp4", CONCAT), "unplayable.format", id="concat script"),
    pytest.param(lambda folder: _picture(folder, "p.png"), "unplayable.still-image", id="png"),
    pytest.param(lambda folder: _picture(folder, "p.jpg"), "unplayable.still-image", id="jpeg"),
    pytest.param(lambda folder: _picture(folder, "p.gif"), "unplayable.still-image", id="gif"),
    pytest.param(lambda folder: _magicyuv(folder / "m.avi"), "unplayable.codec", id="magicyuv"),
    pytest.param(lambda folder: _tiny(folder / "1.mkv"), "unplayable.too-small", id="one pixel"),
    pytest.param(lambda folder: _cut_off(folder / "c.mp4"), "unplayable.truncated", id="cut off before the index"),
]


@pytest.mark.parametrize(("write", "code"), REFUSED)
def test_what_is_no_film_is_refused_with_its_reason(write, code: str, tmp_path: Path):
    with pytest.raises(Unplayable) as refused:
        probe(write(tmp_path), LIMITS)
    assert refused.value.code == code


def test_a_film_beyond_the_limits_is_refused_before_it_is_decoded():
    for film in (clips.bunny(), clips.vtest()):
        with pytest.raises(Unplayable) as refused:
            probe(film, Media(max_pixels=640 * 480))
        assert refused.value.code == "unplayable.too-many-pixels"
    with pytest.raises(Unplayable) as refused:
        probe(clips.vtest(), Media(max_duration_seconds=60))
    assert refused.value.code == "unplayable.too-long"


def test_subtitles_do_not_keep_a_film_from_playing(tmp_path: Path):
    words, film = tmp_path / "words.srt", tmp_path / "film.mkv"
    words.write_text("1\n00:00:00,000 --> 00:00:02,000\nhello\n")
    ffmpeg("-i", clips.bunny(), "-i", words, "-t", "2", "-map", "0", "-map", "1", "-c", "copy", film)
    assert probe(film, LIMITS).video is not None


def test_a_song_with_a_cover_is_sound_alone_and_plays(tmp_path: Path):
    cover, song = tmp_path / "cover.png", tmp_path / "song.mp3"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64", "-frames:v", "1", "-update", "1", cover)
    covered = ("-map", "0:a", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic")
    ffmpeg("-i", clips.bunny(), "-i", cover, *covered, "-c:a", "libmp3lame", song)
    made = make(song, tmp_path / "made", kind="audio")
    assert made.facts.video is None
    assert len(made.samples()) >= 5 * 48_000
