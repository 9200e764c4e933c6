"""Pieces of sound join to the sample, whether copied or encoded, whatever the clock of the source."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from server.domain.rendition import AudioRendition
from server.domain.soundtracks import soundtracks
from server.domain.timeline import AAC_FRAME
from tests import clips
from tests.integration.media.film import LIMITS, decoded_sound, ffmpeg, make
from workers.media.probe import probe

# A sweep from 200 Hz to 3.2 kHz over a steady tone: a slip of one sample anywhere is a step in it.
SWEEP = "0.4*sin(2*PI*(200*t+60*t*t))+0.2*sin(2*PI*997*t)"
SECONDS = 18


def _sweep(path: Path, *encoder: str) -> Path:
    tone = f"aevalsrc={SWEEP}|{SWEEP}:s=48000:d={SECONDS}"
    ffmpeg("-f", "lavfi", "-i", tone, *encoder, path)
    return path


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


def _layout(path: Path) -> str:
    command = ["ffprobe", "-v", "error", "-show_entries", "stream=channel_layout", "-of", "csv=p=0", str(path)]
    return subprocess.run(command, capture_output=True, check=True, timeout=60, text=True).stdout.strip()


def test_surround_in_aac_is_kept_frame_by_frame_and_silent_where_it_ends_early(tmp_path: Path):
    source = tmp_path / "surround.mp4"
    tone = f"aevalsrc={'|'.join([SWEEP] * 6)}:c=5.1:s=48000:d=5"
    ffmpeg("-f", "lavfi", "-i", "color=size=64x64:rate=5:duration=9", "-f", "lavfi", "-i", tone, "-c:a", "aac", source)
    made = make(source, tmp_path / "made", name="a1s")
    assert isinstance(made.rendition, AudioRendition)
    assert made.rendition.copy
    _check_the_grid(made)
    data, movie = made.joined.read_bytes(), made.movie
    frames = [data[sample.place] for fragment in movie.fragments for sample in fragment.samples]
    assert set(_aac_frames(source)[2:]) <= {*frames}
    assert _layout(made.joined) == "5.1"
    samples = made.samples()
    assert max(map(abs, samples[3 * 48_000 : 4 * 48_000])) > 0.3
    assert max(map(abs, samples[6 * 48_000 :])) < 1e-4


def test_surround_whose_order_is_spelled_out_is_put_into_the_usual_one(tmp_path: Path):
    source = tmp_path / "side.mp4"
    tone = f"aevalsrc={'|'.join([SWEEP] * 6)}:c=5.1(side):s=48000:d=3"
    ffmpeg("-f", "lavfi", "-i", tone, "-c:a", "aac", source)
    made = make(source, tmp_path / "made", name="a1s")
    assert isinstance(made.rendition, AudioRendition)
    assert not made.rendition.copy
    assert _layout(made.joined) == "5.1"


def test_a_telephone_s_sound_stays_small_and_complete(tmp_path: Path):
    source = tmp_path / "call.wav"
    ffmpeg("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=8000:duration=10", "-c:a", "pcm_alaw", source)
    made = make(source, tmp_path / "made", kind="audio")
    assert isinstance(made.rendition, AudioRendition)
    assert (made.rendition.sample_rate, made.rendition.channels) == (8_000, 1)
    samples = made.samples()
    assert 80_000 <= len(samples) < 80_000 + AAC_FRAME
    assert min(max(map(abs, samples[at : at + 800])) for at in range(0, 79_000, 800)) > 0.1


def test_tracks_tell_their_language_and_their_purpose(tmp_path: Path):
    source = tmp_path / "film.mkv"
    tone = ("-f", "lavfi", "-i", "sine=duration=1")
    tags = ("-metadata:s:a:0", "language=fre", "-metadata:s:a:1", "language=ger", "-metadata:s:a:1", "title=Kino")
    purposes = ("-disposition:a:0", "comment", "-disposition:a:1", "0", "-disposition:a:2", "default")
    ffmpeg(*tone, "-map", "0", "-map", "0", "-map", "0", "-c:a", "aac", *tags, *purposes, source)
    sounds = soundtracks(probe(source, LIMITS))
    assert [(made.track, made.language, made.label) for made in sounds] == [
        (2, None, "Track 1"),
        (1, "de", "Kino"),
        (0, "fr", "French"),
    ]
    assert [made.automatic for made in sounds] == [True, True, False]


def test_the_sound_of_a_real_film_in_six_channels_becomes_stereo(tmp_path: Path):
    made = make(clips.bunny(), tmp_path / "made", kind="audio")
    assert isinstance(made.rendition, AudioRendition)
    assert (made.rendition.copy, made.rendition.channels) == (False, 2)
    assert {result.codecs for result in made.results} == {"mp4a.40.2"}
    # 5.312 s are 249 frames, exactly as many as the source has.
    assert len(made.samples()) == len(decoded_sound(clips.bunny())) == 249 * AAC_FRAME
