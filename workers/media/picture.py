"""Encode one piece of pictures in several renditions at once, and prove that it is what the plan promised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil
from pathlib import Path

from server.domain.rendition import VideoRendition
from server.domain.source import Source, VideoTrack
from server.domain.timeline import Piece
from server.errors import MediaFailed, Unplayable
from server.settings import Media
from workers.media import commands, fmp4, sandbox
from workers.media.encoders.encoder import Encoder, predicted_bytes
from workers.media.run import Job, MadeSegment, PieceResult, write

STALL_SECONDS = 120

# How far before the piece reading begins. Containers without a proper index (MPEG-TS) land behind the key frame that
# is needed; the first picture comes late then, and reading begins earlier.
_LEADS = (Fraction(1), Fraction(12), Fraction(60))
_UNINDEXED = frozenset({"mpegts", "mpeg"})
_UNINDEXED_LEADS = (Fraction(4), *_LEADS[1:])
_HOLD_LEAD = Fraction(12)

# A piece whose first picture comes later than this is filled with a held picture: players stop in front of a hole.
# A film that has few pictures anyway may be later by as much as it usually waits, up to the second of these.
_HOLE = Fraction(1, 4)
_LONGEST_HOLE = Fraction(1)


@dataclass(frozen=True, slots=True)
class _Made:
    """One rendition of one attempt at a piece: the bytes and what is in them."""

    rendition: VideoRendition
    data: bytes
    movie: fmp4.Movie

    @property
    def start(self) -> Fraction | None:
        """The time of the first picture in seconds."""
        return self.time_of(self.movie.fragments[0].start_time) if self.movie.fragments else None

    @property
    def end(self) -> Fraction | None:
        """The time in seconds at which the last picture ends."""
        return self.time_of(self.movie.fragments[-1].end_time) if self.movie.fragments else None

    @property
    def longest(self) -> Fraction:
        """The longest time in seconds that a picture stands before the next one comes."""
        times = sorted(sample.time for fragment in self.movie.fragments for sample in fragment.samples)
        return self.time_of(max((after - time for time, after in pairwise(times)), default=0))

    def frames(self, fragment: fmp4.Fragment, stop: int) -> list[fmp4.Frame]:
        """Return the frames of a fragment that lasts until the tick `stop`.

        Parameter sets stand before the first of them: pieces that different encoders made play with the init segment
        of any of them.
        """
        times = sorted(sample.time for sample in fragment.samples)
        first, *others = [
            fmp4.Frame(self.data[sample.place], after - time, sample.time - time, sample.key)
            for sample, time, after in zip(fragment.samples, times, [*times[1:], stop], strict=True)
        ]
        return [replace(first, data=self.movie.parameter_sets + first.data), *others]

    def time_of(self, ticks: int) -> Fraction:
        """Seconds on the film's clock."""
        return Fraction(ticks, self.movie.timescale or 1)


def encode_video(
    source: Path,
    facts: Source,
    renditions: Sequence[VideoRendition],
    piece: Piece,
    out: Path,
    *,
    limits: Media,
    encoder: Encoder,
    cancel: sandbox.Cancel = sandbox.never,
    progress: sandbox.Progress | None = None,
) -> dict[str, PieceResult]:
    """Make the segments of `piece` for each of `renditions`, small to large, in a folder of its name within `out`.

    Every picture that the source has within the piece is in it exactly once, at its own time, unless the rendition has
    fewer pictures a second. Where the source has a hole over a boundary, the piece is made at a constant rate with the
    last picture held. `progress` gets the blocks of ffmpeg's `-progress`. Raises MediaFailed, NoSpace, Unplayable.
    """
    if facts.video is None:
        raise Unplayable("The film has no pictures.", code="unplayable.no-streams")
    job = Job(source, out, limits.max_pixels, cancel, progress)
    work = _Work(job, facts.container, facts.video, tuple(renditions), piece, encoder)
    made = work.make_from_far_enough()
    if not work.are_on_grid(made) or (not work.are_whole(made) and (work.is_standing(made) or work.source_goes_on())):
        made = work.make(_HOLD_LEAD, hold=True)
        if not (work.are_on_grid(made) and work.are_whole(made)):
            raise MediaFailed(
                f"The pictures from {float(piece.start):.1f} s on could not be brought onto the segment grid.",
                code="media-failed.grid",
            )
    whole = work.are_whole(made)
    return {one.rendition.name: work.store(one, None if whole else one.end or piece.start) for one in made}


@dataclass(frozen=True, slots=True)
class _Work:
    job: Job
    container: str
    video: VideoTrack
    renditions: tuple[VideoRendition, ...]
    piece: Piece
    encoder: Encoder

    def make_from_far_enough(self) -> list[_Made]:
        """Make the piece, reading from ever further back until its first picture is the one that belongs there."""
        before: Fraction | None = None
        soon = self.piece.start + Fraction(3, 2) / self.renditions[-1].frame_rate
        for lead in _LEADS if self.container not in _UNINDEXED else _UNINDEXED_LEADS:
            made = self.make(lead, hold=False)
            start = made[-1].start
            on_time = start is not None and start < soon
            starts_here = self.piece.start <= self.video.start
            settled = start is not None and start == before
            if on_time or starts_here or settled:
                break
            before = start
        return made

    def make(self, lead: Fraction, *, hold: bool) -> list[_Made]:
        """Encode once. Raises MediaFailed, NoSpace, Unplayable."""
        command = commands.video_piece(
            self.video,
            self.renditions,
            self.piece,
            encoder=self.encoder,
            lead=lead,
            hold=hold,
            max_pixels=self.job.max_pixels,
        )
        encoded = sum(made.width * made.height for made in self.renditions)
        limits = sandbox.Limits(
            wall_seconds=300 + 120 * float(self.piece.length + lead) * len(self.renditions),
            stall_seconds=STALL_SECONDS,
            memory=sandbox.memory_for(max(self.video.pixels, encoded)) + self.encoder.memory,
            file_size=max(predicted_bytes(made, self.piece.length + lead) for made in self.renditions),
        )
        files = [f"{made.name}.mp4" for made in self.renditions]
        found = self.job.encode_all(command, limits, files, self.encoder.devices)
        return [_Made(made, *parts) for made, parts in zip(self.renditions, found, strict=True)]

    def is_standing(self, made: Sequence[_Made]) -> bool:
        """Say whether what is missing is no longer than a picture of this film usually stands: a slide, not a loss."""
        missing = self.piece.end - max(one.end or self.piece.start for one in made)
        return missing <= Fraction(3, 2) / self.video.frame_rate

    def source_goes_on(self) -> bool:
        """Say whether the source has a picture after this piece."""
        command = commands.picture_after(self.video, self.piece.end, self.job.max_pixels)
        limits = sandbox.Limits(600, 600, memory=sandbox.memory_for(self.video.pixels))
        outcome = sandbox.run(command, source=self.job.source, limits=limits, cancel=self.job.cancel)
        return b"\nframe=1\n" in b"\n" + outcome.stdout

    def are_on_grid(self, made: Sequence[_Made]) -> bool:
        """Say whether the fragments are the first segments of the piece, each begun by a key frame on its boundary."""
        return all(self._is_on_grid(one) for one in made)

    def are_whole(self, made: Sequence[_Made]) -> bool:
        """Say whether every segment is there."""
        return all(len(one.movie.fragments) == self.piece.count for one in made)

    def _is_on_grid(self, made: _Made) -> bool:
        early = self.video.time_base  # a coarse clock rounds a boundary down
        usual = max(Fraction(3, 2) / made.rendition.frame_rate, made.longest)
        late = min(_LONGEST_HOLE, max(_HOLE, usual))
        fragments = made.movie.fragments
        return len(fragments) <= self.piece.count and all(
            fragment.samples[0].key and -early <= made.time_of(fragment.start_time) - boundary <= late
            for fragment, boundary in zip(fragments, self.piece.boundaries, strict=False)
        )

    def store(self, made: _Made, ended: Fraction | None) -> PieceResult:
        """Write the segments that there are.

        Decode times are the presentation times in order, and a frame lasts until the next one, or until the next
        piece: so there is neither overlap nor hole, however irregular the source's clock is.
        """
        if not made.movie.fragments:
            return PieceResult((), "", "", ended)
        fragments = made.movie.fragments
        end = fragments[-1].end_time
        if ended is None and not self.piece.last:
            end = max(end, ceil(self.piece.end * made.movie.timescale))
        stops = [*(fragment.start_time for fragment in fragments[1:]), end]
        segments, files = [], {}
        for index, (fragment, stop) in enumerate(zip(fragments, stops, strict=True), self.piece.first):
            files[index] = fmp4.fragment(index + 1, fragment.start_time, made.frames(fragment, stop))
            start, length = made.time_of(fragment.start_time), made.time_of(stop - fragment.start_time)
            segments.append(MadeSegment(index, len(files[index]), start, length, len(fragment.samples)))
        init = write(self.job.out / made.rendition.name, made.movie.init, files)
        return PieceResult(tuple(segments), made.movie.codecs, init, ended)
