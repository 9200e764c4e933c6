"""Which bytes of a film a piece needs, told by the film's own index, so that a long film need not come whole.

Only MP4 with one plain index is read in part. ffmpeg opens the film as it would the whole one: it reads the boxes and
the first seconds of every track, then seeks to a key frame before the piece and reads on to the end of the piece. What
is asked for is more than that on every side. And what is made from a film in part is believed only if every picture
that the index promises is there (`is_whole`): a hole in the file reads as zeros, which are no picture in H.264 or HEVC.
"""

from __future__ import annotations

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from server.domain.handover import MadePiece
from server.domain.plan import Assignment
from server.domain.playlist import INIT_SEGMENT
from server.domain.rendition import AudioRendition, VideoRendition
from workers.media import fmp4
from workers.media.mp4.index import PICTURES, SOUND, Index, Track, open_index, rescale
from workers.media.mp4.refusal import NotCopyable, guarded

Span = tuple[int, int]  # start and end in bytes

# Before the piece: the farther of the two places from which pictures and sound are first read, and a second more.
LEAD_SECONDS = 13
# Behind the piece: the picture after it, and sound that lies later in the file.
TAIL_SECONDS = 5
# How far the sound of a moment may lie from its pictures, and decoding from showing.
APART_SECONDS = 3
# What ffmpeg looks at before it says what is in a file.
HEAD_SECONDS = 10
HEAD_BYTES = 6_000_000

_MOST_BOXES = 100
_LENGTH_PREFIXED = frozenset({"h264", "hevc"})
_MICROSECONDS = 1_000_000


def window(path: Path, size: int, ensure: Callable[[Sequence[Span]], None], work: Assignment) -> list[Span] | None:
    """Return the spans of the film at `path` that `work` needs; None where only the whole film will do.

    `ensure` fetches spans; the index is fetched by it on the way. What that raises passes.
    """
    if not _may_be_read_in_part(work):
        return None
    try:
        _fetch_boxes(path, size, ensure)
        with guarded():
            return list(_spans(open_index(path), work))
    except NotCopyable:
        return None


def is_whole(path: Path, folder: Path, work: Assignment, made: Sequence[MadePiece]) -> bool:
    """Say whether what was made in `folder` from the film at `path` has everything that the index promises."""
    if any(one.count < work.piece.count or one.ended is not None for one in made):
        return False
    if work.source.video is None or isinstance(work.renditions[0], AudioRendition):
        return True
    with guarded():
        index = open_index(path)
        promised = _promised(index, index.track(work.source.video.index, PICTURES), work)
    return all(_frames(folder / one.rendition) == promised for one in made)


def _may_be_read_in_part(work: Assignment) -> bool:
    source = work.source
    if "mp4" not in source.container.split(","):
        return False
    for made in work.renditions:
        if isinstance(made, AudioRendition) and not made.seek:
            return False
        if isinstance(made, VideoRendition) and (
            source.video is None or source.video.codec not in _LENGTH_PREFIXED or made.limit_frame_rate
        ):
            return False
    return True


def _fetch_boxes(path: Path, size: int, ensure: Callable[[Sequence[Span]], None]) -> None:
    """Fetch every box at the top of the file but the media themselves (ISO/IEC 14496-12, 4.2)."""
    start = 0
    for _ in range(_MOST_BOXES):
        if size - start < 8:
            return
        ensure([(start, min(start + 16, size))])
        with path.open("rb") as file:
            file.seek(start)
            header = file.read(16)
        length, kind = struct.unpack_from(">I4s", header)
        if length == 1 and len(header) == 16:
            length = struct.unpack_from(">Q", header, 8)[0]
        end = min(start + length, size) if length else size
        if end < start + 8:
            raise NotCopyable("The file is damaged.")
        if kind != b"mdat":
            ensure([(start, end)])
        start = end
    raise NotCopyable("The file has too many boxes.")


def _spans(index: Index, work: Assignment) -> Iterator[Span]:
    begin, end = _begin(index, work) - APART_SECONDS, work.piece.end + TAIL_SECONDS + APART_SECONDS
    for track in index.tracks:
        if track.start is None or track.kind not in (PICTURES, SOUND):
            continue
        samples, zero = track.samples, index.zero(track)

        def at(seconds: Fraction, track: Track = track, zero: int = zero) -> int:
            """Return the first sample that is decoded at `seconds` or later."""
            ticks = int(seconds * track.timescale) + zero
            return bisect_left(range(track.samples.count), ticks, key=track.samples.durations.before)

        for wanted in (
            range(at(Fraction(HEAD_SECONDS))),
            range(max(0, at(begin) - 1), min(at(end) + 1, samples.count)),
        ):
            yield from ((offset, min(offset + length, index.size)) for offset, length in samples.places(wanted))
    yield 0, min(HEAD_BYTES, index.size)


def _begin(index: Index, work: Assignment) -> Fraction:
    """Return the second of the key frame from which ffmpeg reads: it seeks by the pictures, for sound as well."""
    lead = work.piece.start - LEAD_SECONDS
    if work.source.video is None:
        return lead
    track = index.track(work.source.video.index, PICTURES)
    zero, keys = index.zero(track), track.samples.keys
    before = bisect_right(keys, int(lead * track.timescale) + zero, key=track.samples.shown)
    if before == 0:
        return min(lead, Fraction(0))
    return min(lead, Fraction(track.samples.shown(keys[before - 1]) - zero, track.timescale))


def _promised(index: Index, track: Track, work: Assignment) -> int:
    """Return how many pictures lie in the piece, by the rounding of ffmpeg's trim filter."""
    zero = index.zero(track)

    def tick(seconds: Fraction) -> int:
        return rescale(round(seconds * _MICROSECONDS), track.timescale, _MICROSECONDS)

    start = tick(work.piece.start)
    end = tick(work.piece.end + Fraction(1, 2)) if work.piece.last else tick(work.piece.end)
    return sum(start <= shown - zero < end for shown in track.samples.all_shown())


def _frames(folder: Path) -> int:
    segments = sorted(path for path in folder.iterdir() if path.name != INIT_SEGMENT)
    movie = fmp4.parse(b"".join(path.read_bytes() for path in [folder / INIT_SEGMENT, *segments]))
    return sum(len(fragment.samples) for fragment in movie.fragments)
