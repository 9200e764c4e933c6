"""Storyboards, I-frames and captions of real films, made with the real ffmpeg in its sandbox."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import pytest

from server.domain import captions, storyboard
from server.domain.rendition import VideoRendition
from server.domain.timeline import segments
from tests import clips
from tests.integration.media.film import LIMITS, Made, ffmpeg, make
from workers.media import fmp4, keyframes
from workers.media.captions import make_captions
from workers.media.probe import probe
from workers.media.storyboard import make_storyboard


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Path]:
    """Half a minute of film, and the folder of its segments."""
    folder = tmp_path_factory.mktemp("tree") / "v240"
    return make(clips.tree(), folder), folder


def test_the_head_of_a_segment_is_a_key_frame_that_decodes_alone(tree: tuple[Made, Path], tmp_path: Path):
    made, folder = tree
    inits, files = sorted(folder.rglob("init.mp4")), sorted(folder.rglob("*.m4s"))
    for file in files:
        head = keyframes.head(file)
        fragment = fmp4.parse(inits[0].read_bytes() + file.read_bytes()).fragments[0]
        assert (head.size, fragment.samples[0].key) == (fragment.samples[0].size, True)
        assert head.end < file.stat().st_size
        alone = tmp_path / "alone.mp4"
        alone.write_bytes(inits[0].read_bytes() + file.read_bytes()[head.start : head.end])
        command = ["ffmpeg", "-v", "quiet", "-i", str(alone), "-f", "rawvideo", "-pix_fmt", "gray", "-"]
        picture = subprocess.run(command, capture_output=True, timeout=60, check=False).stdout
        rendition = made.rendition
        assert isinstance(rendition, VideoRendition)
        assert len(picture) == rendition.width * rendition.height


def test_a_storyboard_shows_the_film_at_every_tile(tree: tuple[Made, Path], tmp_path: Path):
    made, folder = tree
    rendition = made.rendition
    assert isinstance(rendition, VideoRendition)
    tiles = storyboard.tiles(segments(made.facts.picture_duration, 4))
    home = next(folder.rglob("init.mp4")).parent
    (sheet,) = make_storyboard(home, rendition, tiles, tmp_path, limits=LIMITS)
    width, height = storyboard.tile_size(rendition.width, rendition.height)
    for number, tile in enumerate(tiles):
        crop = f"crop={width}:{height}:{number % 10 * width}:{number // 10 * height},format=gray"
        shown = _gray("-i", str(sheet), "-vf", crop)
        film = f"scale={width}:{height}:flags=area,format=gray"
        wanted = _gray("-ss", str(float(tile.start)), "-i", str(clips.tree()), "-frames:v", "1", "-vf", film)
        assert len(shown) == len(wanted) == width * height
        assert sum(abs(a - b) for a, b in zip(shown, wanted, strict=True)) / len(wanted) < 12, tile


def _gray(*arguments: str) -> bytes:
    command = ["ffmpeg", "-v", "error", *arguments, "-f", "rawvideo", "-"]
    return subprocess.run(command, capture_output=True, timeout=60, check=True).stdout


SRT = """1
00:00:01,000 --> 00:00:02,000
<i>Guten</i> <script>alert(1)</script>

2
00:00:03,500 --> 00:00:04,000
Tag
"""
ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,{\\\\an8}{\\\\b1}Hello{\\\\b0}\\\\Nthere
"""


@pytest.fixture
def talkie(tmp_path: Path) -> Path:
    """A film in Matroska with two text tracks and an attachment whose name leads out of every folder."""
    (tmp_path / "de.srt").write_text(SRT)
    (tmp_path / "en.ass").write_text(ASS.replace("\\\\", "\\"))
    film = tmp_path / "talkie.mkv"
    ffmpeg(
        *("-i", clips.bunny(), "-i", tmp_path / "de.srt", "-i", tmp_path / "en.ass"),
        *("-map", "0", "-map", "1", "-map", "2", "-c", "copy", "-metadata:s:s:0", "language=ger"),
        *("-attach", tmp_path / "de.srt", "-metadata:s:t", "mimetype=font/ttf"),
        *("-metadata:s:t", "filename=../../../../tmp/matinee-evil.ttf", film),
    )
    return film


def test_text_tracks_become_clean_captions_on_the_films_clock(talkie: Path, tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    facts = probe(talkie, LIMITS)
    tracks = captions.embedded(facts.texts)
    made = make_captions(talkie, facts, tracks, out, limits=LIMITS)
    assert [track.language for track, _ in tracks] == ["de", None]
    german, english = (made[track.name].split("\n\n")[1:] for track, _ in tracks)
    assert german[0].startswith("00:00:01.000 --> 00:00:02.000\n<i>Guten</i>")
    assert "<script" not in "".join(german)
    assert german[1] == "00:00:03.500 --> 00:00:04.000\nTag\n"
    assert english == ["00:00:02.000 --> 00:00:03.000\n<b>Hello</b>\nthere\n"]


def test_attachments_are_never_written_anywhere(talkie: Path, tmp_path: Path):
    out = tmp_path / "out"
    out.mkdir()
    facts = probe(talkie, LIMITS)
    make_captions(talkie, facts, captions.embedded(facts.texts), out, limits=LIMITS)
    assert sorted(path.name for path in out.iterdir()) == ["t1.vtt", "t2.vtt"]
    assert not Path("/tmp/matinee-evil.ttf").exists()


def test_mov_text_becomes_captions_too(tmp_path: Path):
    (tmp_path / "de.srt").write_text(SRT)
    film = tmp_path / "film.mp4"
    ffmpeg("-i", clips.bikes(), "-i", tmp_path / "de.srt", "-c", "copy", "-c:s", "mov_text", film)
    facts = probe(film, LIMITS)
    made = make_captions(film, facts, captions.embedded(facts.texts), tmp_path, limits=LIMITS)
    assert "Tag" in made["t1"]


def test_a_track_without_words_gives_no_captions(tmp_path: Path):
    (tmp_path / "empty.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\n \n")
    film = tmp_path / "film.mkv"
    ffmpeg("-i", clips.bikes(), "-i", tmp_path / "empty.srt", "-c", "copy", film)
    facts = probe(film, LIMITS)
    assert make_captions(film, facts, captions.embedded(facts.texts), tmp_path, limits=LIMITS) == {}


def test_a_segment_that_is_no_segment_is_an_error(tmp_path: Path):
    broken = tmp_path / "00000.m4s"
    broken.write_bytes(struct.pack(">I4s", 16, b"free") + bytes(8))
    with pytest.raises(Exception, match="no fragment"):
        keyframes.head(broken)
