"""Posters are good pictures of the film; sound alone shows its cover, or itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests import clips
from tests.integration.media.film import LIMITS, ffmpeg
from workers.media.poster import Poster, make_poster
from workers.media.probe import probe


def make(source: Path, out: Path, choice: int = 0) -> Poster | None:
    return make_poster(source, probe(source, LIMITS), choice, out, limits=LIMITS)


def look(made: Poster | None) -> tuple[int, int, float]:
    """Width, height and mean brightness (0 to 255) of a poster."""
    assert made is not None
    command = ["ffprobe", "-v", "error", "-f", "lavfi", f"movie={made.file},signalstats", "-of", "json"]
    command += ["-show_entries", "frame=width,height:frame_tags=lavfi.signalstats.YAVG"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    frame = json.loads(done.stdout)["frames"][0]
    return frame["width"], frame["height"], float(frame["tags"]["lavfi.signalstats.YAVG"])


def scenes(path: Path, *colours: str) -> Path:
    """A film of ten seconds for each of `colours`, where `test` is the test picture."""
    size = "size=64x48:rate=25:duration=10"
    parts = [f"testsrc2={size}" if colour == "test" else f"color={colour}:{size}" for colour in colours]
    graph = ";".join(f"{part}[s{number}]" for number, part in enumerate(parts))
    joined = "".join(f"[s{number}]" for number in range(len(parts)))
    ffmpeg(
        "-f", "lavfi", "-i", f"{graph};{joined}concat=n={len(parts)}", "-c:v", "libx264", "-preset", "ultrafast", path
    )
    return path


def test_a_poster_has_the_films_shape(tmp_path: Path):
    width, height, brightness = look(make(clips.bikes(), tmp_path))
    assert (width, height) == (640, 272)
    assert brightness > 20


@pytest.mark.parametrize("choice", range(4))
def test_four_places_of_a_film_give_a_candidate_each(tmp_path: Path, choice: int):
    made = make(clips.bikes(), tmp_path, choice)
    assert made is not None
    assert made.score > 2


def test_a_film_that_is_black_for_a_while_gets_a_poster_that_is_not(tmp_path: Path):
    film = scenes(tmp_path / "opening.mp4", "black", "test", "test", "test", "test", "test", "test")
    assert look(make(film, tmp_path))[2] > 60


def test_a_place_where_all_is_black_gives_no_candidate_but_the_first_is_made_in_any_case(tmp_path: Path):
    film = scenes(tmp_path / "night.mp4", "test", "black", "black", "black")
    assert make(film, tmp_path, 2) is None
    night = scenes(tmp_path / "endless night.mp4", "black", "black")
    assert look(make(night, tmp_path))[:2] == (64, 48)


def test_a_large_film_gets_a_poster_of_1280_pixels(tmp_path: Path):
    path = tmp_path / "large.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=5:duration=2", "-c:v", "mpeg4", path)
    assert look(make(path, tmp_path))[:2] == (1280, 720)


def song(path: Path, *cover: str | Path) -> Path:
    ffmpeg("-i", clips.bunny(), *cover, "-map", "0:a", "-c:a", "copy", path)
    return path


def test_sound_alone_shows_its_waveform(tmp_path: Path):
    width, height, brightness = look(make(song(tmp_path / "song.m4a"), tmp_path))
    assert (width, height) == (1280, 320)
    assert 18 < brightness < 128


def test_sound_with_a_cover_shows_the_cover(tmp_path: Path):
    cover = tmp_path / "cover.png"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=2000x2000:rate=1:duration=1", "-frames:v", "1", cover)
    album = song(tmp_path / "album.m4a", "-i", cover, "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic")
    width, height, brightness = look(make(album, tmp_path))
    assert (width, height) == (1280, 1280)
    assert brightness > 60


def test_a_broken_cover_is_no_reason_to_show_nothing(tmp_path: Path):
    cover = tmp_path / "cover.png"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=64x64:rate=1:duration=1", "-frames:v", "1", cover)
    album = song(tmp_path / "album.m4a", "-i", cover, "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic")
    data = album.read_bytes()
    picture = cover.read_bytes()[24:]
    assert picture in data
    album.write_bytes(data.replace(picture, bytes(len(picture))))
    assert look(make(album, tmp_path))[:2] in ((1280, 320), (64, 64))
