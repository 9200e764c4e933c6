"""Pieces of sound join to the sample, whether copied or encoded, whatever the clock of the source."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from server.domain.rendition import AudioRendition
from server.domain.timeline import AAC_FRAME
from tests import clips
from tests.integration.media.film import WHOLE, decoded_sound, ffmpeg, make

# A sweep from 200 Hz to 3.2 kHz over a steady tone: a slip of one sample anywhere is a step in it.
SWEEP = "0.4*sin(2*PI*(200*t+60*t*t))+0.2*sin(2*PI*997*t)"
SECONDS = 18


def _sweep(path: Path, *encoder: str, rate: int = 48_000) -> Path:
    tone = f"aevalsrc={SWEEP}|{SWEEP}:s={rate}:d={SECONDS}"
    ffmpeg("-f", "lavfi", "-i", tone, *encoder, path)
    return path


ENCODED = [
    pytest.param("s.wav", ("-c:a", "pcm_s16le"), 48_000, id="pcm"),
    pytest.param("s.mkv", ("-c:a", "ac3", "-b:a", "384k"), 48_000, id="ac3 in matroska's milliseconds"),
    pytest.param("s.mkv", ("-c:a", "libmp3lame", "-b:a", "192k"), 44_100, id="mp3 at 44.1 kHz in milliseconds"),
    pytest.param("s.ts", ("-c:a", "mp2", "-b:a", "256k"), 44_100, id="mp2 in a transport stream"),
    pytest.param("s.webm", ("-c:a", "libopus", "-b:a", "128k"), 48_000, id="opus in webm"),
    pytest.param("s.webm", ("-c:a", "libvorbis", "-q:a", "6"), 48_000, id="vorbis in webm"),
    pytest.param("s.ogg", ("-c:a", "libvorbis", "-q:a", "6"), 48_000, id="vorbis in ogg"),
    pytest.param("s.flac", ("-c:a", "flac"), 96_000, id="flac at 96 kHz"),
    pytest.param("s.mp3", ("-c:a", "libmp3lame", "-b:a", "192k"), 48_000, id="mp3"),
]


@pytest.mark.parametrize(("name", "encoder", "rate"), ENCODED)
def test_encoded_pieces_sound_at_their_joins_as_everywhere(name: str, encoder, rate: int, tmp_path: Path):
    source = _sweep(tmp_path / name, *encoder, rate=rate)
    pieces = make(source, tmp_path / "pieces", kind="audio")
    whole = make(source, tmp_path / "whole", kind="audio", growth=WHOLE)
    assert isinstance(pieces.rendition, AudioRendition)
    assert not pieces.rendition.copy
    assert len(pieces.results) > 1
    assert {result.init for result in pieces.results} == {result.init for result in whole.results}

    one, other = pieces.samples(), whole.samples()
    assert len(one) == len(other) == AAC_FRAME * sum(s.frames for r in pieces.results for s in r.segments)
    _check_the_grid(pieces)
    # The two encoders spend their bits differently, so samples differ a little everywhere (by 0.02 at most, measured).
    # A slip of a single sample differs by 0.15 from there on, by 0.023 on average right behind the first join.
    different = [abs(first - second) for first, second in zip(one, other, strict=True)]
    assert max(different[4 * AAC_FRAME : -4 * AAC_FRAME]) < 0.06
    for result in pieces.results[1:]:
        join = round(result.segments[0].start * pieces.rendition.sample_rate)
        for part in (different[join - AAC_FRAME : join + AAC_FRAME], different[join : join + 4 * AAC_FRAME]):
            assert sum(part) / len(part) < 0.008


@pytest.mark.parametrize("name", ["s.mp4", "s.mkv", "s.ts"])
@pytest.mark.parametrize("channels", ["1", "2"])
def test_copied_pieces_are_the_very_frames_of_the_source(name: str, channels: str, tmp_path: Path):
    source = _sweep(tmp_path / name, "-c:a", "aac", "-b:a", "160k", "-ac", channels)
    pieces = make(source, tmp_path / "pieces", kind="audio")
    assert isinstance(pieces.rendition, AudioRendition)
    assert pieces.rendition.copy
    assert len({result.init for result in pieces.results}) == 1
    _check_the_grid(pieces)
    data, movie = pieces.joined.read_bytes(), pieces.movie
    copied = [data[sample.place] for fragment in movie.fragments for sample in fragment.samples]
    original = _aac_frames(source)
    # Priming lies before the film. A transport stream does not count its last packet, 150 ms, into its length.
    at = original.index(copied[0])
    assert at <= 1
    assert copied == original[at : at + len(copied)]
    assert len(original) - at - len(copied) <= 8


def _aac_frames(source: Path) -> list[bytes]:
    """The frames of a sound track without headers, in order."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(source), "-map", "0:a", "-c", "copy", "-f", "adts", "-"]
    adts = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    frames, position = [], 0
    while position < len(adts):
        size = (adts[position + 3] & 3) << 11 | adts[position + 4] << 3 | adts[position + 5] >> 5
        header = 7 if adts[position + 1] & 1 else 9
        frames.append(adts[position + header : position + size])
        position += size
    return frames


def _check_the_grid(made) -> None:
    fragments = made.movie.fragments
    assert fragments[0].decode_time == made.rendition.offset
    for before, after in pairwise(fragments):
        assert before.decode_time + AAC_FRAME * len(before.samples) == after.decode_time


def test_sound_that_is_shorter_than_its_film_goes_on_in_silence(tmp_path: Path):
    source = tmp_path / "short.mp4"
    tone = f"aevalsrc={SWEEP}:s=48000:d=5"
    ffmpeg("-f", "lavfi", "-i", "color=size=64x64:rate=5:duration=22", "-f", "lavfi", "-i", tone, "-c:a", "aac", source)
    made = make(source, tmp_path / "made", kind="audio")
    _check_the_grid(made)
    samples = made.samples()
    assert len(samples) >= 22 * 48_000
    assert max(map(abs, samples[2 * 48_000 : 4 * 48_000])) > 0.3
    assert max(map(abs, samples[6 * 48_000 :])) < 1e-4


@pytest.mark.parametrize("encoder", [("-c:a", "aac"), ("-c:a", "ac3")])
def test_sound_that_begins_late_begins_late(encoder: tuple[str, ...], tmp_path: Path):
    source = tmp_path / "late.mkv"
    picture = ("-f", "lavfi", "-i", "color=size=64x64:rate=5:duration=9")
    ffmpeg(*picture, "-itsoffset", "2.5", "-f", "lavfi", "-i", f"aevalsrc={SWEEP}:s=48000:d=6", *encoder, source)
    samples = make(source, tmp_path / "made", kind="audio").samples()
    begins = next(number for number, sample in enumerate(samples) if abs(sample) > 0.05)
    assert abs(begins - 2.5 * 48_000) < 2 * AAC_FRAME


def test_the_sound_of_a_real_film_in_six_channels_becomes_stereo(tmp_path: Path):
    made = make(clips.bunny(), tmp_path / "made", kind="audio")
    assert isinstance(made.rendition, AudioRendition)
    assert (made.rendition.copy, made.rendition.channels) == (False, 2)
    assert {result.codecs for result in made.results} == {"mp4a.40.2"}
    # 5.312 s are 249 frames, exactly as many as the source has.
    assert len(made.samples()) == len(decoded_sound(clips.bunny())) == 249 * AAC_FRAME
