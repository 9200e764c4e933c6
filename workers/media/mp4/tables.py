"""The sample tables of one track (ISO/IEC 14496-12, 8.6 and 8.7), read only as far as somebody asks.

Tables stay arrays of numbers, and a question about one sample is a binary search in them: a film of two hours has
half a million samples, and a segment needs a hundred. Every count is checked against the bytes that are there before
anything is made of it. Errors are those that `guarded` translates.
"""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, chain, pairwise, repeat
from operator import add, lt, mul, sub

from workers.media.mp4.refusal import NotCopyable

Spans = Mapping[bytes, tuple[int, int]]

_MOST_ROWS = 3_000_000  # a day at 30 pictures a second
_FARTHEST_SHIFT = 1 << 28  # ticks; ffmpeg throws such tables away


class Runs:
    """A run-length table: `counts[i]` samples in a row have `values[i]`."""

    def __init__(self, counts: Sequence[int], values: Sequence[int]) -> None:
        self.values = values
        self.ends = array("q", accumulate(counts))

    @property
    def total(self) -> int:
        """How many samples it speaks of."""
        return self.ends[-1] if self.ends else 0

    def at(self, sample: int) -> int:
        """Return the value of a sample."""
        return self.values[bisect_right(self.ends, sample)]

    @cached_property
    def _sums(self) -> array[int]:
        counts = (end - start for start, end in pairwise(chain([0], self.ends)))
        return array("q", accumulate(map(mul, counts, self.values), initial=0))

    def before(self, sample: int) -> int:
        """Return the sum of the values of all samples before `sample`, which may be one past the last."""
        run = bisect_right(self.ends, sample)
        if run == len(self.ends):
            return self._sums[run]
        return self._sums[run] + (sample - (self.ends[run - 1] if run else 0)) * self.values[run]

    def __iter__(self) -> Iterator[int]:
        counts = (end - start for start, end in pairwise(chain([0], self.ends)))
        return chain.from_iterable(map(repeat, self.values, counts))


class Samples:
    """The samples of a track in decode order, counted from 0. Times are ticks from the first decode time."""

    def __init__(self, data: bytes, tables: Spans) -> None:
        self._data, self._tables = data, tables
        if not self.count or self.durations.total != self.count:
            raise NotCopyable("The tables of the track do not agree with one another.")

    @property
    def count(self) -> int:
        """How many samples there are."""
        return len(self.sizes)

    @cached_property
    def sizes(self) -> array[int]:
        """The size of each sample in bytes."""
        body, _ = self._tables[b"stsz"]
        if struct.unpack_from(">I", self._data, body + 4)[0]:
            raise NotCopyable("All samples have one size: that is no compressed film.")
        return self._read(b"stsz", "I", header=8)

    @cached_property
    def durations(self) -> Runs:
        """How long each sample lasts in decode time."""
        values = self._read(b"stts", "I", columns=2)
        return Runs(values[::2], values[1::2])

    @cached_property
    def _shifts(self) -> Runs | None:
        if b"ctts" not in self._tables:
            return None
        # Signed in either version, as ffmpeg and every writer of negative ones have it.
        values = self._read(b"ctts", "i", columns=2)
        shifts = Runs(values[::2], values[1::2])
        if shifts.total != self.count or min(values[::2]) < 0:
            raise NotCopyable("The tables of the track do not agree with one another.")
        if max(shifts.values) >= _FARTHEST_SHIFT or min(shifts.values) <= -_FARTHEST_SHIFT:
            raise NotCopyable("A picture is shown absurdly far from its place.")
        return shifts

    @property
    def last_duration(self) -> int:
        """How long the last sample lasts, or those before it where nothing is said; at least one tick."""
        return next((duration for duration in reversed(self.durations.values) if duration), 1)

    def shown(self, sample: int) -> int:
        """Return the presentation time of a sample."""
        return self.durations.before(sample) + (self._shifts.at(sample) if self._shifts else 0)

    def all_shown(self) -> array[int]:
        """Return the presentation times of all samples."""
        shifts = self._shifts or repeat(0)
        return array("q", map(add, accumulate(self.durations, initial=0), shifts))[: self.count]

    @cached_property
    def keys(self) -> Sequence[int]:
        """The numbers of the key frames, in order; without a table every sample is one."""
        if b"stss" not in self._tables:
            return range(self.count)
        keys = array("I", (key - 1 for key in self._read(b"stss", "I")))
        if not keys or keys[-1] >= self.count or not _rises(keys):
            raise NotCopyable("The list of key frames is wrong.")
        return keys

    @cached_property
    def _chunks(self) -> array[int]:
        """Where each chunk begins in the file."""
        return self._read(b"stco", "I") if b"stco" in self._tables else self._read(b"co64", "Q")

    @cached_property
    def _runs_of_chunks(self) -> tuple[array[int], array[int], array[int]]:
        """First sample, first chunk from 1, and samples per chunk of each run of like chunks."""
        values = self._read(b"stsc", "I", columns=3)
        firsts, per_chunk = values[::3], values[1::3]
        if firsts[0] != 1 or not _rises(firsts) or not all(per_chunk):
            raise NotCopyable("The tables of the track do not agree with one another.")
        if set(values[2::3]) != {1}:
            raise NotCopyable("The track changes its parameters on the way.")
        chunks = map(sub, firsts[1:], firsts)
        return array("q", accumulate(map(mul, chunks, per_chunk), initial=0)), firsts, per_chunk

    def places(self, wanted: range) -> Iterator[tuple[int, int]]:
        """Yield offset in the file and size in bytes of consecutive samples."""
        offset = after = 0
        for sample in wanted:
            if sample >= after:
                offset, first, after = self._chunk_of(sample)
                offset += sum(self.sizes[first:sample])
            yield offset, self.sizes[sample]
            offset += self.sizes[sample]

    def _chunk_of(self, sample: int) -> tuple[int, int, int]:
        """Return where the chunk of a sample begins in the file, its first sample, and the one after its last."""
        samples, firsts, per_chunk = self._runs_of_chunks
        run = bisect_right(samples, sample) - 1
        within = (sample - samples[run]) // per_chunk[run]
        first = samples[run] + within * per_chunk[run]
        return self._chunks[firsts[run] - 1 + within], first, first + per_chunk[run]

    @property
    def end(self) -> int:
        """Where the chunk ends that begins last in the file: a film that was cut off lacks it first."""
        samples, firsts, per_chunk = self._runs_of_chunks
        last = max(range(len(self._chunks)), key=self._chunks.__getitem__)
        run = bisect_right(firsts, last + 1) - 1
        first = samples[run] + (last + 1 - firsts[run]) * per_chunk[run]
        return self._chunks[last] + sum(self.sizes[first : first + per_chunk[run]])

    def _read(self, kind: bytes, code: str, *, columns: int = 1, header: int = 4) -> array[int]:
        """Return the numbers of a table that begins with `header` bytes and the number of its rows."""
        body, end = self._tables[kind]
        rows = struct.unpack_from(">I", self._data, body + header)[0]
        if rows > _MOST_ROWS:
            raise NotCopyable("The track has too many samples.")
        values = array(code)
        start = body + header + 4
        stop = start + rows * columns * values.itemsize
        if stop > end:
            raise IndexError(f"{kind!r} promises {rows} rows")
        values.frombytes(memoryview(self._data)[start:stop])
        if sys.byteorder == "little":
            values.byteswap()
        return values


def _rises(values: array[int]) -> bool:
    return all(map(lt, values, values[1:]))
