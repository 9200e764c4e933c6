"""The index of an MP4 or MOV: its tracks, and the clock by which ffmpeg would play them.

ISO/IEC 14496-12, 8.2 (movie), 8.3 and 8.4 (tracks), 8.6.6 (edit lists). Where a file leaves something open, ffmpeg's
reader decides (libavformat/mov.c), because renditions that are encoded stand beside the copied one.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workers.media.mp4.refusal import Fragmented, NotCopyable, guarded
from workers.media.mp4.tables import Samples, Spans
from workers.media.mp4.tree import children, descend, listed

PICTURES, SOUND = b"vide", b"soun"  # kinds of tracks

_MOST_BYTES = 128 << 20
_MOST_BOXES = 10_000  # beside one another in the file
_MOST_TRACKS = 64
_MOST_EDITS = 64
_FINEST_CLOCK = 500_000  # ticks per second: ffmpeg is told boundaries in microseconds
_MICROSECONDS = 1_000_000
_EMPTY = -1
_USUAL_RATE = 0x10000


@dataclass(frozen=True, slots=True)
class Edits:
    """An edit list that shows a track once: `empty` ticks of nothing, then `length` ticks from `media_time` on.

    `simple` is False if it does anything else; then only `empty` is right.
    """

    empty: int
    media_time: int
    length: int
    simple: bool


class Track:
    """A track: its kind (`vide`, `soun`, …), ticks per second, sample tables, and edit list, if there is one."""

    def __init__(self, data: bytes, body: int, end: int, movie_timescale: int) -> None:
        self._data = data
        media = children(data, *descend(data, body, end, b"mdia"))
        self.kind = data[media[b"hdlr"][0] + 8 : media[b"hdlr"][0] + 12]
        self.timescale = _timescale(data, media[b"mdhd"][0])
        information = children(data, *media[b"minf"])
        self.tables: Spans = children(data, *information[b"stbl"])
        self._references = information.get(b"dinf")
        parts = children(data, body, end)
        self.edits = None
        if b"edts" in parts and b"elst" in (edits := children(data, *parts[b"edts"])):
            self.edits = _read_edits(data, *edits[b"elst"], movie_timescale, self.timescale)

    @cached_property
    def samples(self) -> Samples:
        """The sample tables."""
        return Samples(self._data, self.tables)

    @property
    def start(self) -> int | None:
        """The tick at which ffmpeg says that the track starts; None for one without samples."""
        if not struct.unpack_from(">I", self._data, self.tables[b"stsz"][0] + 8)[0]:
            return None
        if self.edits is not None:
            return self.edits.empty
        body, end = self.tables.get(b"ctts", (0, 0))
        return int(struct.unpack_from(">i", self._data, body + 12)[0]) if end - body >= 16 else 0

    def heard(self) -> int:
        """Return how many frames of a sound track are played: the edit list may end before the frames do."""
        if self.edits is None:
            return self.samples.count
        return min(self.samples.count, -(-(self.edits.media_time + self.edits.length) // self.samples.durations.at(0)))

    def entry(self) -> tuple[bytes, int, int]:
        """Return kind, content start and end of the only sample entry. Raises NotCopyable if there are others."""
        body, end = self.tables[b"stsd"]
        entries = listed(self._data, body + 8, end)
        if len(entries) != 1 or struct.unpack_from(">I", self._data, body + 4)[0] != 1:
            raise NotCopyable("The track changes its codec on the way.")
        references, _ = descend(self._data, *(self._references or (0, 0)), b"dref")
        if not self._data[references + 19] & 1:
            raise NotCopyable("The data of the track lie in another file.")
        return entries[0]


@dataclass(frozen=True)
class Index:
    """What can be cut from the file `path` of `size` bytes. `data` is its moov box, `tracks` are in ffmpeg's order.

    `origin` is the microsecond at which ffmpeg begins to count: the earliest start of a track.
    """

    path: Path
    size: int
    data: bytes
    tracks: tuple[Track, ...]
    origin: int

    def track(self, stream: int, kind: bytes) -> Track:
        """Return the track of a stream. Raises NotCopyable if it is not of this kind, or its clock is too fine."""
        if not 0 <= stream < len(self.tracks) or self.tracks[stream].kind != kind:
            raise NotCopyable(f"Stream {stream} is not a track of this kind.")
        if self.tracks[stream].timescale > _FINEST_CLOCK:
            raise NotCopyable("The clock of the track is too fine.")
        return self.tracks[stream]

    def zero(self, track: Track) -> int:
        """Return the tick of the track's decode clock at which the film's clock says 0."""
        origin = rescale(self.origin, track.timescale, _MICROSECONDS)
        if track.edits is None:
            return origin
        if not track.edits.simple:
            raise NotCopyable("The track has an edit list that cuts it up.")
        # ffmpeg lets pictures begin with the first one, whatever the edit list says.
        begins = track.samples.shown(0) if track.kind == PICTURES else track.edits.media_time
        return origin + begins - track.edits.empty


def open_index(path: Path) -> Index:
    """Read the index of a film. Raises NotCopyable with the reason if nothing can be cut from this file."""
    with guarded(), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        data = _read_movie(file.fileno(), size)
        parts = listed(data, 0, len(data))
        kinds = {kind: (body, end) for kind, body, end in reversed(parts)}
        if b"mvex" in kinds:
            raise Fragmented("The film is fragmented already.")
        if b"iTunSMPB" in data:
            raise NotCopyable("The film counts its priming in a way of its own.")
        traks = [(body, end) for kind, body, end in parts if kind == b"trak"]
        if not 0 < len(traks) <= _MOST_TRACKS:
            raise NotCopyable(f"The film has {len(traks)} tracks.")
        clock = _timescale(data, kinds[b"mvhd"][0])
        tracks = tuple(Track(data, body, end, clock) for body, end in traks)
        return Index(path, size, data, tracks, _origin(tracks))


def rescale(value: int, to: int, of: int) -> int:
    """Return `value` · `to` / `of`, rounded to the nearest, halves away from zero, as ffmpeg rounds."""
    rounded = (2 * abs(value) * to + of) // (2 * of)
    return rounded if value >= 0 else -rounded


def _read_movie(file: int, size: int) -> bytes:
    """Return the content of the moov box."""
    found: bytes | None = None
    for kind, body, end in _boxes_of_file(file, size):
        if kind == b"moof":
            raise Fragmented("The film is fragmented already.")
        if kind == b"moov" and found is None:
            if end - body > _MOST_BYTES:
                raise NotCopyable("The index of the film is too large.")
            found = os.pread(file, end - body, body)
            if len(found) < end - body:
                raise NotCopyable("The film is cut off.")
    if found is None:
        raise NotCopyable("The file has no index.")
    return found


def _boxes_of_file(file: int, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, content start and end of the boxes of a file, which the last one may exceed."""
    start = 0
    for _ in range(_MOST_BOXES):
        header = os.pread(file, 16, start)
        if len(header) < 8:
            return
        length, kind = struct.unpack_from(">I4s", header)
        body = start + 8
        if length == 1:
            length, body = struct.unpack_from(">Q", header, 8)[0], start + 16
        elif length == 0:
            length = size - start
        if start + length < body:
            raise NotCopyable("The file is damaged.")
        yield kind, body, start + length
        start += length
    raise NotCopyable("The file has too many boxes.")


def _timescale(data: bytes, body: int) -> int:
    """Return ticks per second of an mvhd or mdhd box."""
    ticks = int(struct.unpack_from(">I", data, body + (20 if data[body] == 1 else 12))[0])
    if not ticks:
        raise NotCopyable("The film has a clock that does not tick.")
    return ticks


def _read_edits(data: bytes, body: int, end: int, movie_timescale: int, timescale: int) -> Edits | None:
    count = struct.unpack_from(">I", data, body + 4)[0]
    row = struct.Struct(">Qqi" if data[body] == 1 else ">Iii")
    if count > _MOST_EDITS or body + 8 + count * row.size > end:
        raise NotCopyable("The edit list is damaged.")
    edits = list(row.iter_unpack(data[body + 8 : body + 8 + count * row.size]))
    if not edits:
        return None
    empty = 0
    while edits and edits[0][1] == _EMPTY:
        empty += rescale(edits.pop(0)[0], timescale, movie_timescale)
    length, media_time, rate = edits[0] if edits else (0, 0, 0)
    simple = len(edits) == 1 and media_time >= 0 and length > 0 and rate == _USUAL_RATE
    return Edits(empty, media_time, rescale(length, timescale, movie_timescale), simple)


def _origin(tracks: tuple[Track, ...]) -> int:
    """Return the microsecond at which ffmpeg says that the file starts (update_stream_timings)."""
    starts: dict[bool, list[int]] = {True: [], False: []}
    for track in tracks:
        start = track.start
        if start is not None:
            starts[track.kind in (PICTURES, SOUND)].append(rescale(start, _MICROSECONDS, track.timescale))
    film, others = min(starts[True], default=None), min(starts[False], default=None)
    if film is None:
        raise NotCopyable("The film has neither pictures nor sound.")
    # Text a little before the film counts; farther away it is ignored.
    return others if others is not None and film - _MICROSECONDS < others < film else film
