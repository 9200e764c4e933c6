"""Whether a track can be copied as it is, and where: everything that is to be known before the first cut.

What is promised here is proven by the tables, for the whole film at once, because nobody can turn back later: every
segment begins with a picture that needs none before it, and no picture is shown outside its own segment.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, islice, pairwise
from operator import lt

from server.domain.passage import PicturePassage
from server.domain.timeline import AAC_FRAME
from workers.media.mp4.entries import VideoEntry, read_audio, read_video
from workers.media.mp4.index import PICTURES, SOUND, Index, Track
from workers.media.mp4.nal import check_key_frame
from workers.media.mp4.refusal import NotCopyable, guarded
from workers.media.mp4.tables import Samples

MOST_SECONDS = 10  # of one segment
MOST_BITS = 40_000_000  # per second, on average
MOST_BYTES = 64 << 20  # of one segment: it is put together in memory
MOST_FRAMES = 10_000  # of one segment
_OPENING = 2  # segments that are short, so that playing begins soon
_OPENING_SECONDS = Fraction(2)
_NEARLY = Fraction(7, 8)  # a key frame this near to the wanted length ends a segment

# What a fragment needs beside its frames, and per frame, at most.
_HEAD_BYTES = 128
_FRAME_BYTES = 16


@dataclass(frozen=True, slots=True)
class SoundPassage:
    """Sound that can be copied: the second of the film at which it starts, its samples per second, its channels."""

    start: Fraction
    sample_rate: int
    channels: int


def plan_video(index: Index, stream: int, target: Fraction) -> PicturePassage:
    """Plan segments of about `target` seconds, the first two shorter. Raises NotCopyable with the reason."""
    with guarded():
        track = index.track(stream, PICTURES)
        entry = read_video(index.data, *track.entry())
        samples, shown = track.samples, track.samples.all_shown()
        _check_order(track, shown)
        _check_extent(samples, index.size)
        keys = _closed(shown, samples.keys)
        zero, end = index.zero(track), max(shown) + samples.last_duration
        times = [Fraction(tick - shown[0], track.timescale) for tick in [*(shown[key] for key in keys), end]]
        starts = _choose(keys, times, target)
        ticks = [*(shown[start] for start in starts), end]
        if ticks[0] < zero:
            raise NotCopyable("The pictures begin before the film does.")
        lengths = [Fraction(after - time, track.timescale) for time, after in pairwise(ticks)]
        if max(lengths) > MOST_SECONDS:
            raise NotCopyable("Key frames are too far apart.")
        parts = [range(*part) for part in pairwise([*starts, samples.count])]
        sizes = [_size(samples, part) for part in parts]
        average = round(8 * sum(sizes) / sum(lengths))
        if average > MOST_BITS or max(sizes) > MOST_BYTES or max(map(len, parts)) > MOST_FRAMES:
            raise NotCopyable("The pictures are too many per second, or need too many bits.")
        _check_key_frames(index, samples, starts, entry)
        return PicturePassage(
            cuts=tuple(Fraction(tick - zero, track.timescale) for tick in ticks[:-1]),
            end=Fraction(end - zero, track.timescale),
            peak=max(round(8 * size / length) for size, length in zip(sizes, lengths, strict=True)),
            average=average,
            codecs=entry.codecs,
        )


def plan_audio(index: Index, stream: int) -> SoundPassage:
    """Say what can be copied of a sound track. Raises NotCopyable with the reason."""
    with guarded():
        track = index.track(stream, SOUND)
        entry = read_audio(index.data, *track.entry())
        samples = track.samples
        if track.timescale != entry.sample_rate:
            raise NotCopyable("The clock of the sound does not count its samples.")
        # Encoders may say that the last frame is shorter; it holds 1024 samples all the same.
        if any(duration != AAC_FRAME for duration in islice(samples.durations, samples.count - 1)):
            raise NotCopyable("The frames of the sound are of several lengths.")
        _check_extent(samples, index.size)
        primed = track.edits.media_time if track.edits else 0
        if primed > track.timescale:
            raise NotCopyable("The edit list begins in the middle of the sound.")
        return SoundPassage(Fraction(primed - index.zero(track), entry.sample_rate), entry.sample_rate, entry.channels)


def _check_order(track: Track, shown: array[int]) -> None:
    """Every picture has a time of its own, and the edit list shows all of them."""
    ordered = sorted(shown)
    if not all(map(lt, ordered, islice(ordered, 1, None))):
        raise NotCopyable("Two pictures are shown at the same time.")
    if shown[0] != ordered[0]:
        raise NotCopyable("The first picture is not the first that is shown.")
    edits = track.edits
    if edits and not edits.media_time <= ordered[0] <= ordered[-1] < edits.media_time + edits.length:
        raise NotCopyable("The edit list leaves pictures out.")


def _check_extent(samples: Samples, size: int) -> None:
    """There is a place for every sample, and the file reaches as far as the last one."""
    ((offset, length),) = samples.places(range(samples.count - 1, samples.count))
    if max(offset + length, samples.end) > size:
        raise NotCopyable("The film is cut off.")


def _closed(shown: Sequence[int], keys: Sequence[int]) -> list[int]:
    """Return the key frames that part the film: all before is shown before, all behind is shown behind."""
    earliest = array("q", accumulate(reversed(shown), min))
    earliest.reverse()
    latest = array("q", accumulate(shown, max))
    return [key for key in keys if shown[key] == earliest[key] == latest[key]]


def _choose(keys: Sequence[int], times: Sequence[Fraction], target: Fraction) -> list[int]:
    """Return the samples with which segments begin.

    `times` are the seconds of `keys` from the first picture, and of the end of the film.
    """
    if not keys or keys[0]:
        raise NotCopyable("The film does not begin with a key frame.")
    chosen = [0]
    while True:
        wanted = _NEARLY * (min(target, _OPENING_SECONDS) if len(chosen) <= _OPENING else target)
        latest = times[chosen[-1]] + MOST_SECONDS
        following = bisect_left(times, times[chosen[-1]] + wanted, lo=chosen[-1] + 1, hi=len(keys))
        if times[following] > latest and following - 1 > chosen[-1]:
            following -= 1
        # Nobody should fetch a file for three frames: they go with the segment before.
        if following == len(keys) or (times[-1] - times[following] < target / 8 and times[-1] <= latest):
            return [keys[number] for number in chosen]
        chosen.append(following)


def _check_key_frames(index: Index, samples: Samples, starts: Sequence[int], entry: VideoEntry) -> None:
    with index.path.open("rb") as file:
        for start in starts:
            ((offset, size),) = samples.places(range(start, start + 1))
            check_key_frame(file.fileno(), offset, size, entry)


def _size(samples: Samples, held: range) -> int:
    """Return how many bytes a segment of these samples has at most."""
    return _HEAD_BYTES + _FRAME_BYTES * len(held) + sum(samples.sizes[held.start : held.stop])
