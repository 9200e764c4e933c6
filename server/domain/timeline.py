"""The clock of a film: segments, and the pieces in which they are made, known before anything is encoded.

Pictures: a key frame stands on the first frame at or after every multiple of the segment length, in every rendition.
Sound: an AAC frame holds 1024 samples and cannot be divided, so a segment begins with the first frame that starts at
or after the multiple; frame numbers, not times, decide what belongs to a piece, hence joins are exact to the sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

AAC_FRAME = 1024  # samples per channel, ISO/IEC 14496-3

# Segments per piece; the last number repeats. Whoever seeks into the smallest rung waits for one segment only.
PICTURE_GROWTH = (1,)
# Several renditions at once take longer for every second of film, and somebody may wait for one of them.
GROUP_GROWTH = (2, 1)
# Copying is as quick as the disk: only large enough that its bookkeeping does not count.
COPY_GROWTH = (1, 1, 2, 4, 8)
# Sound is cheap, and every piece of it costs a lead-in: longer pieces.
SOUND_GROWTH = (1, 3, 15)
# Where every piece has to read from the beginning: five times longer each time, so that all of them together read a
# quarter more than the film.
SOUND_GROWTH_FROM_START = (1, 4, 20, 100, 500, 2500)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: its number from 0, and its start and length in seconds."""

    index: int
    start: Fraction
    length: Fraction


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of segments that one task makes: `first` segment, `count`, `start` and `length` in seconds.

    `boundaries` are the starts of its segments; `last` says that nothing is planned after it.
    """

    index: int
    first: int
    count: int
    start: Fraction
    length: Fraction
    boundaries: tuple[Fraction, ...]
    last: bool

    @property
    def end(self) -> Fraction:
        """The time at which the next piece starts, or the film ends."""
        return self.start + self.length


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """Where the AAC frames of a rendition stand: frame n starts at `offset` + 1024 n samples.

    `offset` is below 1024. It is not zero only for copied sound that does not begin on a multiple.
    """

    sample_rate: int
    offset: int = 0

    def frame_from(self, time: Fraction) -> int:
        """Return the number of the first frame that starts at or after `time` seconds; never negative."""
        return max(0, ceil((time * self.sample_rate - self.offset) / AAC_FRAME))

    def frames(self, start: Fraction, end: Fraction) -> range:
        """Return the frames that belong to what lies between `start` and `end` seconds."""
        return range(self.frame_from(start), self.frame_from(end))

    def nearest(self, sample: int) -> int:
        """Return the number of the frame that starts nearest to `sample`; negative before the film."""
        return (sample - self.offset + AAC_FRAME // 2) // AAC_FRAME

    def sample_of(self, frame: int) -> int:
        """Return the sample at which `frame` starts."""
        return self.offset + frame * AAC_FRAME

    def time_of(self, frame: int) -> Fraction:
        """Return the second at which `frame` starts."""
        return Fraction(self.sample_of(frame), self.sample_rate)

    def span(self, frames: range) -> Fraction:
        """Return how many seconds `frames` last."""
        return Fraction(len(frames) * AAC_FRAME, self.sample_rate)


def segments(duration: Fraction, segment_seconds: int, cuts: Sequence[Fraction] = ()) -> tuple[Segment, ...]:
    """Divide `duration` seconds into segments: at `cuts` where there are any, else into equal ones.

    The first two equal ones are half as long, so that the first picture is there twice as soon. A rest shorter than an
    eighth of a segment (and than half a second, so that the rounded length in a playlist stays) joins the segment
    before it: nobody should fetch a file for three frames.
    """
    starts = list(cuts) if cuts else _equal(duration, segment_seconds)
    ends = [*starts[1:], duration]
    return tuple(
        Segment(index, start, end - start) for index, (start, end) in enumerate(zip(starts, ends, strict=True))
    )


def _equal(duration: Fraction, segment_seconds: int) -> list[Fraction]:
    smallest_rest = min(Fraction(segment_seconds, 8), Fraction(1, 2))
    starts = [Fraction(0), Fraction(segment_seconds, 2)]
    starts += [Fraction(index * segment_seconds) for index in range(1, ceil(duration / segment_seconds))]
    return [starts[0], *(start for start in starts[1:] if duration - start >= smallest_rest)]


def sound_segments(
    duration: Fraction, segment_seconds: int, grid: FrameGrid, cuts: Sequence[Fraction] = ()
) -> tuple[Segment, ...]:
    """Divide `duration` seconds of sound into segments of whole AAC frames, as near to those of the pictures as frames
    allow; starts and lengths are exact.
    """
    nominal = segments(duration, segment_seconds, cuts)
    # Sound is there from the beginning, also where the first picture comes later.
    frames = [grid.frame_from(Fraction(0)), *(grid.frame_from(segment.start) for segment in nominal[1:])]
    # The last frame may run past the end of the film: sound is whole frames, and none may be missing.
    frames.append(max(frames[-1] + 1, grid.frame_from(duration)))
    times = [grid.time_of(frame) for frame in frames]
    return tuple(Segment(index, times[index], times[index + 1] - times[index]) for index in range(len(nominal)))


def cut(planned: Sequence[Segment], count: int, ended: Fraction | None) -> tuple[Segment, ...]:
    """Return the honest timeline of a rendition whose source ends after `count` segments.

    `ended` is the second at which its last picture ends, where that is known.
    """
    *kept, last = planned[:count]
    if ended is not None and 0 < ended - last.start < last.length:
        last = replace(last, length=ended - last.start)
    return (*kept, last)


def pieces(planned: Sequence[Segment], growth: Sequence[int] = PICTURE_GROWTH) -> tuple[Piece, ...]:
    """Group `planned` segments into pieces of `growth[0]`, `growth[1]`, … segments; the last number repeats."""
    made: list[Piece] = []
    first = 0
    while first < len(planned):
        count = min(growth[min(len(made), len(growth) - 1)], len(planned) - first)
        group = planned[first : first + count]
        made.append(
            Piece(
                index=len(made),
                first=first,
                count=count,
                start=group[0].start,
                length=group[-1].start + group[-1].length - group[0].start,
                boundaries=tuple(segment.start for segment in group),
                last=first + count == len(planned),
            )
        )
        first += count
    return tuple(made)
