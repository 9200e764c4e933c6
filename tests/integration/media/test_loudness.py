"""How loud a film is, in figures that a standard foretells, and what its sound looks like."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from server.domain.rendition import AudioRendition
from server.domain.soundtracks import soundtracks
from tests.integration.media.film import LIMITS, ffmpeg
from workers.media.loudness import measure_loudness
from workers.media.probe import probe
from workers.media.waveform import draw_waveform

# EBU Tech 3341, test case 2: a sine of 1 kHz at -33 dBFS in both channels has -33 LUFS; here also at -23, and in 5.1.
TONE = "sin(2*PI*1000*t)"
QUIET, USUAL = (10 ** (level / 20) for level in (-33, -23))


def test_every_stereo_sound_is_measured_in_one_reading(tmp_path: Path):
    film = tmp_path / "film.mkv"
    stereo = "|".join([f"{QUIET}*{TONE}"] * 2)
    surround = "|".join([f"{USUAL}*{TONE}", *["0"] * 5])
    inputs = [f"aevalsrc={stereo}:s=48000:d=12", f"aevalsrc={surround}:c=5.1:s=48000:d=12", "anullsrc=d=12"]
    sources = [word for tone in inputs for word in ("-f", "lavfi", "-i", tone)]
    ffmpeg(*sources, "-map", "0", "-map", "1", "-map", "2", "-c:a", "flac", film)
    facts = probe(film, LIMITS)
    sounds = [made for made in soundtracks(facts) if made.channels <= 2]
    found = measure_loudness(film, facts, sounds, limits=LIMITS)
    assert list(found) == ["a1", "a2", "a3"]
    assert found["a1"].integrated_lufs == pytest.approx(-33, abs=0.2)
    assert found["a1"].true_peak_dbtp == pytest.approx(-33, abs=0.2)
    assert found["a1"].range_lu == pytest.approx(0, abs=0.2)
    assert found["a1"].gain_db == pytest.approx(17, abs=0.2)
    # One channel alone is 3 dB less than two, and mixing six without clipping costs 7.7 dB.
    assert found["a2"].integrated_lufs == pytest.approx(-23 - 3 - 7.7, abs=0.2)
    assert found["a3"].gain_db == 0


def test_a_waveform_shows_where_it_is_loud_and_how_long_it_lasts(tmp_path: Path):
    song = tmp_path / "song.wav"
    ffmpeg("-f", "lavfi", "-i", f"aevalsrc=if(lt(t\\,6)\\,0.9\\,0.003)*{TONE}:s=44100:d=12", song)
    made = draw_waveform(song, probe(song, LIMITS), tmp_path, limits=LIMITS)
    assert made.stat().st_size < 100_000
    rows = _luma(made)
    assert (len(rows), len(rows[0])) == (320, 1280)
    heights = [sum(row[column] > 80 for row in rows) for column in (2, 302, 662, 1202)]
    assert all(height > 300 for height in heights[:2])
    assert all(30 < height < 80 for height in heights[2:])


def _luma(picture: Path) -> list[bytes]:
    look = ["ffprobe", "-v", "error", "-show_entries", "stream=width", "-of", "json", str(picture)]
    width = json.loads(subprocess.run(look, capture_output=True, check=True, timeout=60).stdout)["streams"][0]["width"]
    command = ["ffmpeg", "-v", "error", "-i", str(picture), "-vf", "format=gray", "-f", "rawvideo", "-"]
    data = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    return [data[start : start + width] for start in range(0, len(data), width)]


def test_mixing_all_channels_at_full_scale_does_not_clip(tmp_path: Path):
    film = tmp_path / "loud.mkv"
    ffmpeg("-f", "lavfi", "-i", f"aevalsrc={'|'.join([f'0.99*{TONE}'] * 6)}:c=5.1:s=48000:d=3", "-c:a", "flac", film)
    facts = probe(film, LIMITS)
    (stereo, *_) = soundtracks(facts)
    assert isinstance(stereo, AudioRendition)
    assert -0.5 < measure_loudness(film, facts, [stereo], limits=LIMITS)["a1"].true_peak_dbtp < 0
