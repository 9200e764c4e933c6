"""Encoders for real: software proves itself, its pieces join, and hardware that is not there does no harm."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from server.domain.ladder import ladder
from server.domain.rendition import Codec, VideoRendition
from server.domain.timeline import pieces, segments
from server.errors import MediaFailed
from tests import clips
from tests.integration.media.film import LIMITS, ffmpeg, join, source_times
from workers.media import fmp4
from workers.media.encoders import choice, nvenc, qsv, svtav1, v4l2, vaapi, x264
from workers.media.encoders.choice import Choice
from workers.media.encoders.encoder import Encoder
from workers.media.picture import encode_video
from workers.media.probe import probe

NODE = Path("/dev/null")  # a device, though not one that encodes


def _rung(**changes: object) -> VideoRendition:
    """The smallest rung of the street, 10 s at 25/s."""
    made = ladder(probe(clips.bikes(), LIMITS))[0]
    assert isinstance(made, VideoRendition)
    return replace(made, **changes)  # type: ignore[arg-type]


def _make(rung: VideoRendition, encoders: list[Encoder], out: Path) -> fmp4.Movie:
    """Make the street piece by piece, each by the next of `encoders` in turn, and join it."""
    out.mkdir()
    facts = probe(clips.bikes(), LIMITS)
    for number, piece in enumerate(pieces(segments(facts.picture_duration, 4))):
        encoder = encoders[number % len(encoders)]
        results = encode_video(clips.bikes(), facts, [rung], piece, out, limits=LIMITS, encoder=encoder)
        assert results[rung.name].ended is None
    return fmp4.parse(join(out / rung.name).read_bytes())


def _decoded(path: Path) -> str:
    """Decode everything; return what the decoder says, and raise where it gives up."""
    command = ["ffmpeg", "-nostdin", "-v", "warning", "-i", str(path), "-f", "null", "-"]
    return subprocess.run(command, capture_output=True, check=True, timeout=120, text=True).stderr


def _likeness(made: Path, rung: VideoRendition) -> list[float]:
    """PSNR of each picture of a film against the street, in dB."""
    log = made.with_suffix(".psnr")
    graph = f"[0:v]scale={rung.width}:{rung.height}:flags=bicubic,settb=1/25,setpts=N[a];[1:v]settb=1/25,setpts=N[b]"
    ffmpeg("-i", clips.bikes(), "-i", made, "-lavfi", f"{graph};[a][b]psnr=stats_file={log}", "-f", "null", "-")
    return [float(line.split("psnr_avg:")[1].split()[0]) for line in log.read_text().splitlines()]


@pytest.mark.parametrize("encoder", [x264.ENCODER, svtav1.ENCODER], ids=lambda encoder: encoder.name)
def test_software_proves_itself_in_the_sandbox(encoder: Encoder):
    assert choice.works(encoder)


def test_hardware_that_is_not_there_is_found_out():
    impostors = [
        replace(qsv.encoder(NODE), devices=()),
        replace(vaapi.encoder(NODE), devices=()),
        Encoder("nvenc", Codec.H264, nvenc.options),
        Encoder("v4l2", Codec.H264, v4l2.options),
    ]
    assert [choice.works(impostor) for impostor in impostors] == [False] * 4


def test_pieces_of_av1_join(tmp_path: Path):
    rung = _rung(name="v144av1", codec=Codec.AV1, crf=35)
    movie = _make(rung, [svtav1.ENCODER], tmp_path / "made")
    assert movie.codecs == "av01.0.00M.08"
    times = sorted(Fraction(one.time, movie.timescale) for part in movie.fragments for one in part.samples)
    assert times == source_times(clips.bikes())
    for fragment, after in pairwise(movie.fragments):
        assert [sample.key for sample in fragment.samples] == [True] + [False] * (len(fragment.samples) - 1)
        assert fragment.end_time == after.start_time == after.decode_time
    joined = tmp_path / "made" / f"{rung.name}.mp4"
    assert _decoded(joined) == ""
    assert min(_likeness(joined, rung)) > 28


def test_every_piece_of_av1_has_the_same_init_segment(tmp_path: Path):
    facts, rung = probe(clips.bikes(), LIMITS), _rung(name="v144av1", codec=Codec.AV1)
    tmp_path.joinpath("made").mkdir()
    made = [
        encode_video(clips.bikes(), facts, [rung], piece, tmp_path / "made", limits=LIMITS, encoder=svtav1.ENCODER)
        for piece in pieces(segments(facts.picture_duration, 4))
    ]
    assert len(made) > 1
    assert len({one[rung.name].init for one in made}) == 1


def test_pieces_of_different_encoders_play_as_one_film(tmp_path: Path):
    """Their parameter sets differ, and the init segment is that of whichever came last."""
    other = Encoder("other", Codec.H264, _another_way)
    rung = _rung()
    movie = _make(rung, [x264.ENCODER, other], tmp_path / "made")
    assert len(movie.fragments) == 4
    joined = tmp_path / "made" / f"{rung.name}.mp4"
    assert _decoded(joined) == ""
    ratios = _likeness(joined, rung)
    assert len(ratios) == 250
    assert min(ratios) > 28


def _another_way(rung: VideoRendition) -> list[str]:
    """The coding tools that hardware leaves out: no B-frames, no CABAC, other references."""
    return [*x264.options(rung), "-bf", "0", "-refs", "4", "-coder", "vlc", "-x264-params", "8x8dct=0:weightp=0"]


def test_a_piece_that_a_broken_encoder_cannot_make_is_made_in_software(tmp_path: Path):
    broken = replace(qsv.encoder(NODE), devices=(), sides=(2, 4096))
    facts, rung, (piece, *_) = probe(clips.bikes(), LIMITS), _rung(), pieces(segments(Fraction(10), 4))
    used: list[str] = []

    def make(encoder: Encoder) -> int:
        used.append(encoder.name)
        made = encode_video(clips.bikes(), facts, [rung], piece, tmp_path, limits=LIMITS, encoder=encoder)
        return len(made[rung.name].segments)

    with pytest.raises(MediaFailed):
        make(broken)
    assert Choice([broken], lambda _: True).encode([rung], make) == piece.count
    assert used == ["qsv", "qsv", "x264"]


def test_what_a_forked_child_learns_its_parent_knows():
    broken = Encoder("broken", Codec.H264, x264.options)
    bench = Choice([broken], lambda _: True)
    rung = _rung()

    def make(encoder: Encoder) -> str:
        if encoder is broken:
            raise MediaFailed("It broke.", code="media-failed.encode")
        return encoder.name

    child = os.fork()
    if child == 0:
        bench.encode([rung], make)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert bench.encode([rung], lambda encoder: encoder.name) == "x264"
