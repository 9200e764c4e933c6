"""Encode or copy one piece of sound so that pieces join to the sample.

A piece is a range of numbered AAC frames. ffmpeg makes more than that on both sides, and the surplus is dropped here:
the encoder has then heard what came before, and every frame has both neighbours that its overlap needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from server.domain.rendition import AudioRendition
from server.domain.source import AudioTrack, Source
from server.domain.timeline import AAC_FRAME, Piece
from server.errors import MediaFailed
from server.settings import Media
from workers.media import fmp4, sandbox, sound_commands
from workers.media.run import Job, MadeSegment, PieceResult, write

STALL_SECONDS = 60

# A frame of silence by the number of channels: what ffmpeg's own encoder makes of zeros. It fills holes in copied
# sound, and has no reference to the sample rate.
SILENCE = {
    1: bytes.fromhex("01182007"),
    2: bytes.fromhex("211004608c1c"),
    6: bytes.fromhex("011820010880230460231004608c0c230000e0"),
}


def encode_audio(
    source: Path,
    facts: Source,
    rendition: AudioRendition,
    piece: Piece,
    out: Path,
    *,
    limits: Media,
    cancel: sandbox.Cancel = sandbox.never,
    progress: sandbox.Progress | None = None,
) -> PieceResult:
    """Make the segments of `piece` in a folder of the rendition's name within `out`.

    Every frame of the piece is there; where the source has no sound, it is silent. `progress` gets
    the blocks of ffmpeg's `-progress`. Raises MediaFailed, NoSpace, Unplayable.
    """
    track = next(track for track in facts.audio if track.index == rendition.track)
    job = Job(source, out, limits.max_pixels, cancel, progress)
    wanted = rendition.grid.frames(piece.start, piece.end)
    command = sound_commands.piece(track, rendition, wanted, piece.start, max_pixels=limits.max_pixels)
    data, movie = job.encode(command, _limits(piece))
    frames = _frames(data, movie, rendition, wanted)
    if not movie.init:
        movie = _sample(job, track, rendition)
    return store(rendition, piece, frames, out, init=movie.init, codecs=movie.codecs)


def store(
    rendition: AudioRendition, piece: Piece, frames: Mapping[int, bytes], out: Path, *, init: bytes, codecs: str
) -> PieceResult:
    """Write the segments of `piece` from its AAC `frames` by number, all of which there must be."""
    wanted = rendition.grid.frames(piece.start, piece.end)
    bounds = [rendition.grid.frame_from(boundary) for boundary in piece.boundaries]
    ranges = [range(start, stop) for start, stop in zip(bounds, [*bounds[1:], wanted.stop], strict=True)]
    files = {
        piece.first + number: fmp4.fragment(
            piece.first + number + 1,
            rendition.grid.sample_of(held.start),
            [fmp4.Frame(frames[at], AAC_FRAME) for at in held],
        )
        for number, held in enumerate(ranges)
    }
    segments = tuple(
        MadeSegment(index, len(files[index]), rendition.grid.time_of(held.start), rendition.grid.span(held), len(held))
        for index, held in zip(files, ranges, strict=True)
    )
    return PieceResult(segments, codecs, write(out / rendition.name, init, files), None)


def _limits(piece: Piece) -> sandbox.Limits:
    return sandbox.Limits(wall_seconds=300 + 10 * float(piece.end), stall_seconds=STALL_SECONDS)


def _frames(data: bytes, movie: fmp4.Movie, rendition: AudioRendition, wanted: range) -> dict[int, bytes]:
    """Return the frames of the range by number."""
    found: dict[int, bytes] = {}
    number = None
    for sample in (sample for fragment in movie.fragments for sample in fragment.samples):
        nearest = rendition.grid.nearest(sample.time)
        # Time stamps that shake by more than half a frame must not make two frames one.
        number = nearest if number is None else max(nearest, number + 1)
        if number in wanted:
            found[number] = data[sample.place]
    missing = [number for number in wanted if number not in found]
    if missing and not rendition.copy:
        raise MediaFailed(f"The encoder left out {len(missing)} frames of sound.", code="media-failed.grid")
    if movie.init and movie.timescale != rendition.sample_rate:
        raise MediaFailed("The sound has another sample rate than the plan says.", code="media-failed.grid")
    return found | dict.fromkeys(missing, SILENCE[rendition.channels])


def _sample(job: Job, track: AudioTrack, rendition: AudioRendition) -> fmp4.Movie:
    """Return the head of copied sound for a piece in which the source is silent altogether."""
    command = sound_commands.head(track, max_pixels=job.max_pixels)
    _, movie = job.encode(command, sandbox.Limits(wall_seconds=600, stall_seconds=600))
    if not movie.init:
        raise MediaFailed(f"Nothing can be read from sound track {rendition.track}.", code="media-failed.grid")
    return movie
