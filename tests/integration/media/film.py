"""A film made piece by piece, joined, and what is in it: the measure of every test of joins."""

from __future__ import annotations

import array
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from server.domain.ladder import ladder
from server.domain.playlist import INIT_SEGMENT
from server.domain.rendition import AudioRendition, Rendition, VideoRendition
from server.domain.source import Source
from server.domain.timeline import PICTURE_GROWTH, Piece, pieces, segments, sound_segments
from server.settings import Media
from workers.media import fmp4
from workers.media.encoders import x264
from workers.media.picture import encode_video
from workers.media.probe import probe
from workers.media.run import PieceResult
from workers.media.sound import encode_audio

LIMITS = Media()
WHOLE = (1_000_000,)  # growth: the film as one piece


def ffmpeg(*arguments: str | Path) -> None:
    """Make a source for a test."""
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=120)


@dataclass(frozen=True)
class Made:
    """A rendition of a film, made: the results of its pieces, and everything joined into one file."""

    facts: Source
    rendition: Rendition
    results: tuple[PieceResult, ...]
    joined: Path

    @property
    def movie(self) -> fmp4.Movie:
        """The joined file, read by the book."""
        return fmp4.parse(self.joined.read_bytes())

    def frame_times(self) -> list[Fraction]:
        """Presentation times in seconds of all frames, in order."""
        movie = self.movie
        ticks = [sample.time for fragment in movie.fragments for sample in fragment.samples]
        return sorted(Fraction(tick, movie.timescale) for tick in ticks)

    def decoded_frames(self) -> int:
        """How many pictures a decoder gets out of the joined file. Raises if it complains about anything."""
        command = ["ffprobe", "-v", "warning", "-count_frames", "-show_entries", "stream=nb_read_frames"]
        done = subprocess.run([*command, "-of", "json", str(self.joined)], capture_output=True, check=True, timeout=120)
        assert done.stderr == b"", done.stderr.decode()
        return int(json.loads(done.stdout)["streams"][0]["nb_read_frames"])

    def samples(self) -> array.array[float]:
        """The sound of the joined file, the first channel, decoded."""
        return decoded_sound(self.joined)


def make(source: Path, out: Path, *, kind: str = "video", growth: Sequence[int] | None = None, name: str = "") -> Made:
    """Make the rendition called `name`, or the first of its kind, into a folder of `out`, and join it."""
    facts = probe(source, LIMITS)
    rendition = next(made for made in ladder(facts) if (made.name == name if name else made.kind == kind))
    out.mkdir(exist_ok=True)
    if isinstance(rendition, AudioRendition):
        planned = pieces(sound_segments(facts.duration, 4, rendition.grid), growth or rendition.growth)
        results = [encode_audio(source, facts, rendition, piece, out, limits=LIMITS) for piece in planned]
    else:
        assert isinstance(rendition, VideoRendition)
        planned = pieces(segments(facts.picture_duration, 4), growth or PICTURE_GROWTH)
        results = [encode_pictures(source, facts, [rendition], piece, out)[rendition.name] for piece in planned]
    return Made(facts, rendition, tuple(results), join(out / rendition.name))


def make_all(source: Path, out: Path) -> list[Made]:
    """Make every rendition of pictures in one decode, into folders of `out`, and join each."""
    facts = probe(source, LIMITS)
    out.mkdir()
    renditions = [made for made in ladder(facts) if isinstance(made, VideoRendition)]
    planned = pieces(segments(facts.picture_duration, 4), PICTURE_GROWTH)
    results = [encode_pictures(source, facts, renditions, piece, out) for piece in planned]
    return [
        Made(facts, made, tuple(result[made.name] for result in results), join(out / made.name)) for made in renditions
    ]


def encode_pictures(
    source: Path, facts: Source, renditions: Sequence[VideoRendition], piece: Piece, out: Path
) -> dict[str, PieceResult]:
    """Encode one piece in software."""
    return encode_video(source, facts, renditions, piece, out, limits=LIMITS, encoder=x264.ENCODER)


def join(out: Path) -> Path:
    """Join the init segment and all segments of a folder, which holds nothing else."""
    parts = [out / INIT_SEGMENT, *sorted(out.glob("*.m4s"))]
    assert set(parts) == set(out.iterdir())
    joined = out.with_suffix(".mp4")
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    return joined


def source_times(source: Path) -> list[Fraction]:
    """Presentation times in seconds of all pictures of a source, in order, from its own beginning."""
    entries = ["-show_entries", "frame=pts_time,best_effort_timestamp_time:format=start_time"]
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", *entries, "-of", "json", str(source)]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=120).stdout)
    start = Fraction(found["format"]["start_time"])
    return [Fraction(frame["best_effort_timestamp_time"]) - start for frame in found["frames"]]


def decoded_sound(source: Path) -> array.array[float]:
    """Decode the first channel of the sound of a file."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(source), "-map", "0:a", "-af", "pan=mono|c0=c0"]
    done = subprocess.run([*command, "-f", "f32le", "-"], capture_output=True, check=True, timeout=120)
    return array.array("f", done.stdout)
