"""Segments from a film's own bytes: only the samples that are asked for are looked up and read."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil
from pathlib import Path

from server.domain.timeline import FrameGrid
from workers.media.fmp4 import Frame, fragment
from workers.media.mp4.index import PICTURES, SOUND, Index, Track
from workers.media.mp4.plan import MOST_BYTES, MOST_FRAMES
from workers.media.mp4.refusal import NotCopyable, guarded
from workers.media.mp4.tables import Samples


@dataclass(frozen=True, slots=True)
class Cut:
    """A finished segment of pictures: start and length in seconds of the film, how many pictures, its bytes."""

    start: Fraction
    length: Fraction
    frames: int
    data: bytes


def cut_video(
    index: Index, stream: int, boundaries: Sequence[Fraction], end: Fraction | None, *, first: int
) -> list[Cut]:
    """Return a segment per boundary, numbered from `first`; `end` is the boundary behind them, None at the film's end.

    Boundaries are `cuts` of the plan. Decode times are the presentation times in order, and a picture lasts until the
    next one, or until the next segment. Raises NotCopyable.
    """
    with guarded():
        track = index.track(stream, PICTURES)
        starts = [_key_at(index, track, boundary) for boundary in boundaries]
        starts.append(track.samples.count if end is None else _key_at(index, track, end))
        return [_cut(index, track, range(*held), number) for number, held in enumerate(pairwise(starts), first)]


def cut_audio(index: Index, stream: int, grid: FrameGrid, wanted: range) -> dict[int, bytes]:
    """Return the AAC frames of a track by their number on `grid`, as far as there are any. Raises NotCopyable."""
    with guarded():
        track = index.track(stream, SOUND)
        # The grid of a rendition may lie a little beside that of the source: a frame belongs to the nearest place.
        before = grid.nearest(-index.zero(track))
        held = range(max(0, wanted.start - before), min(track.heard(), wanted.stop - before))
        if not held:
            return {}
        return dict(enumerate(_read(index.path, track.samples, held), before + held.start))


def _key_at(index: Index, track: Track, time: Fraction) -> int:
    """Return the key frame that is shown at `time` seconds of the film, or the first one for a time before it."""
    samples = track.samples
    tick = max(time * track.timescale + index.zero(track), Fraction(samples.shown(0)))
    number = bisect_left(samples.keys, ceil(tick), key=samples.shown)
    if samples.shown(samples.keys[number]) != tick:
        raise NotCopyable(f"No key frame is shown at {float(time):.6f} s.")
    return samples.keys[number]


def _cut(index: Index, track: Track, held: range, number: int) -> Cut:
    samples, zero = track.samples, index.zero(track)
    data = _read(index.path, samples, held)
    shown = [samples.shown(sample) for sample in held]
    times = sorted(shown)
    last = held.stop == samples.count
    end = times[-1] + samples.last_duration if last else samples.shown(held.stop)
    earliest = reversed(list(accumulate(reversed(shown), min)))
    keys = set(samples.keys[bisect_left(samples.keys, held.start) : bisect_left(samples.keys, held.stop)])
    frames = [
        # A key frame behind which something is shown earlier is none to begin with.
        Frame(content, after - time, tick - time, sample in keys and tick == first)
        for sample, content, tick, first, time, after in zip(
            held, data, shown, earliest, times, [*times[1:], end], strict=True
        )
    ]
    return Cut(
        start=Fraction(times[0] - zero, track.timescale),
        length=Fraction(end - times[0], track.timescale),
        frames=len(frames),
        data=fragment(number + 1, times[0] - zero, frames),
    )


def _read(path: Path, samples: Samples, held: range) -> list[bytes]:
    """Return the bytes of consecutive samples."""
    if len(held) > MOST_FRAMES or sum(samples.sizes[held.start : held.stop]) > MOST_BYTES:
        raise NotCopyable("A segment is too large.")
    with path.open("rb") as file:
        found = [os.pread(file.fileno(), size, offset) for offset, size in samples.places(held)]
    if list(map(len, found)) != list(samples.sizes[held.start : held.stop]):
        raise NotCopyable("The film is cut off.")
    return found
