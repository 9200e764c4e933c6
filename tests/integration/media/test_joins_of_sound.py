"""Encoded sound joins without a gap, a click or a slip: a sweep made in pieces against one made in one run."""

from __future__ import annotations

from collections.abc import MutableSequence
from pathlib import Path

import pytest

from server.domain.rendition import AudioRendition
from server.domain.timeline import AAC_FRAME
from tests.integration.media import sweep
from tests.integration.media.film import WHOLE, Made, ffmpeg, make
from workers.media import sound_commands

# Six joins, from 2 s to 80 s.
GROWTH = (1, 4)
SLIP = 0.2  # of a sample
NOISE = 0.001

Samples = list[MutableSequence[float]]


@pytest.fixture(scope="session")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    folder = tmp_path_factory.mktemp("sweeps")
    return {rate: sweep.write(folder / f"{rate}.flac", rate) for rate in (44_100, 48_000, 96_000)}


SURROUND = ("-af", "pan=5.1|c0=c0|c1=c1|c2=0*c0|c3=0*c0|c4=0.5*c0|c5=0.5*c1", "-c:a", "ac3", "-b:a", "640k")
SOURCES = [
    pytest.param("s.wav", ("-c:a", "pcm_s16le"), 48_000, "a1", id="pcm"),
    pytest.param("s.flac", ("-c:a", "flac"), 44_100, "a1", id="flac at 44.1 kHz"),
    pytest.param("s.flac", ("-c:a", "flac"), 96_000, "a1", id="flac at 96 kHz"),
    pytest.param("s.mkv", SURROUND, 48_000, "a1", id="5.1 of ac3 in matroska's milliseconds, in stereo"),
    pytest.param("s.mkv", SURROUND, 48_000, "a1s", id="5.1 of ac3, kept"),
    pytest.param("s.mkv", ("-c:a", "libmp3lame", "-b:a", "256k"), 44_100, "a1", id="mp3 in milliseconds"),
    pytest.param("s.mp3", ("-c:a", "libmp3lame", "-b:a", "256k"), 48_000, "a1", id="mp3"),
    pytest.param("s.ts", ("-c:a", "mp2", "-b:a", "384k"), 44_100, "a1", id="mp2 in a transport stream"),
    pytest.param("s.webm", ("-c:a", "libopus", "-b:a", "192k"), 48_000, "a1", id="opus in webm"),
    pytest.param("s.ogg", ("-c:a", "libvorbis", "-q:a", "6"), 48_000, "a1", id="vorbis in ogg"),
]


def _joins(made: Made, whole: Samples, samples: Samples | None = None) -> list[tuple[sweep.Join, sweep.Join]]:
    """Measure every join, in what was made of pieces (or in `samples`) and at the same place of the whole."""
    rate = _sound(made).sample_rate
    heard = samples or _decode(made)
    places = [round(result.segments[0].start * rate) for result in made.results[1:]]
    return [(sweep.measure(heard, whole, at, rate), sweep.measure(whole, whole, at, rate)) for at in places]


def _is_heard(join: sweep.Join, usual: sweep.Join) -> bool:
    return abs(join.slip) > SLIP or join.click > 2 * usual.click + NOISE


def _sound(made: Made) -> AudioRendition:
    assert isinstance(made.rendition, AudioRendition)
    return made.rendition


def _decode(made: Made) -> Samples:
    return sweep.decode(made.joined, _sound(made).channels)


@pytest.mark.parametrize(("file", "encoder", "rate", "name"), SOURCES)
def test_nobody_hears_where_pieces_join(file: str, encoder, rate: int, name: str, sweeps, tmp_path: Path):
    source = tmp_path / file
    ffmpeg("-i", sweeps[rate], *encoder, source)
    made = make(source, tmp_path / "pieces", growth=GROWTH, name=name)
    whole = make(source, tmp_path / "whole", growth=WHOLE, name=name)
    assert not _sound(made).copy
    assert {result.init for result in made.results} == {result.init for result in whole.results}
    heard, usual = _decode(made), _decode(whole)
    frames = sum(segment.frames for result in made.results for segment in result.segments)
    assert len(heard[0]) == len(usual[0]) == frames * AAC_FRAME
    assert len(heard[0]) - AAC_FRAME < made.facts.duration * _sound(made).sample_rate <= len(heard[0])
    joins = _joins(made, usual, heard)
    assert len(joins) == 6
    assert not any(_is_heard(*join) for join in joins)
    assert max(8 * s.size / s.length for r in made.results for s in r.segments) < 1250 * _sound(made).bitrate


def test_a_missing_sample_would_be_heard(sweeps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = make(sweeps[48_000], tmp_path / "pieces", growth=GROWTH, name="a1")
    whole = _decode(make(sweeps[48_000], tmp_path / "whole", growth=WHOLE, name="a1"))
    for number, result in enumerate(made.results[1:]):
        gap = _decode(made)
        for samples in gap:
            del samples[round(result.segments[0].start * 48_000)]
        assert _is_heard(*_joins(made, whole, gap)[number])

    honest = sound_commands.piece
    monkeypatch.setattr(sound_commands, "piece", _late_by_one(honest))
    slipped = make(sweeps[48_000], tmp_path / "slipped", growth=GROWTH, name="a1")
    slips = [join.slip for join, _ in _joins(slipped, whole)]
    assert slips == pytest.approx([-1] * len(slips), abs=SLIP)


def _late_by_one(honest):
    def piece(track, rendition, frames: range, start, *, max_pixels: int) -> list[str]:
        command = honest(track, rendition, frames, start, max_pixels=max_pixels)
        first = (frames.start - sound_commands.LEAD_FRAMES) * AAC_FRAME
        late = frames.start > 0
        return [word.replace(f"={first}", f"={first + late}") for word in command]

    return piece
