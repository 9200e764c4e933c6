"""The poster is one good picture of the film."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests import clips
from tests.integration.media.film import LIMITS, ffmpeg
from workers.media.poster import make_poster
from workers.media.probe import probe


def _poster(source: Path, out: Path) -> Path:
    made = make_poster(source, probe(source, LIMITS), out, limits=LIMITS)
    assert made is not None
    return made


def _look(picture: Path) -> tuple[int, int, float]:
    """Width, height and mean brightness (0 to 255) of a picture."""
    command = ["ffprobe", "-v", "error", "-f", "lavfi", f"movie={picture},signalstats", "-of", "json"]
    command += ["-show_entries", "frame=width,height:frame_tags=lavfi.signalstats.YAVG"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    frame = json.loads(done.stdout)["frames"][0]
    return frame["width"], frame["height"], float(frame["tags"]["lavfi.signalstats.YAVG"])


def test_a_poster_has_the_films_shape(tmp_path: Path):
    width, height, brightness = _look(_poster(clips.bikes(), tmp_path))
    assert (width, height) == (640, 272)
    assert brightness > 20


def test_a_film_that_opens_in_black_gets_a_poster_that_is_not(tmp_path: Path):
    path = tmp_path / "opening.mp4"
    black = "color=black:size=64x48:rate=25:duration=2.5[a];testsrc2=size=64x48:rate=25:duration=20[b];[a][b]concat"
    ffmpeg("-f", "lavfi", "-i", black, "-c:v", "libx264", "-preset", "ultrafast", path)
    assert _look(_poster(path, tmp_path))[2] > 60


def test_a_large_film_gets_a_poster_of_1280_pixels(tmp_path: Path):
    path = tmp_path / "large.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=5:duration=2", "-c:v", "mpeg4", path)
    assert _look(_poster(path, tmp_path))[:2] == (1280, 720)


def test_sound_alone_has_no_poster(tmp_path: Path):
    song = tmp_path / "song.m4a"
    ffmpeg("-i", clips.bunny(), "-vn", "-c:a", "copy", song)
    assert make_poster(song, probe(song, LIMITS), tmp_path, limits=LIMITS) is None
