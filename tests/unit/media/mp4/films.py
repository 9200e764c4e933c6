"""MP4 files made by hand, box by box: small, and wrong in exactly the way that a test wants."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from workers.media.boxes import box

IDR, SLICE, SPS, PPS = 5, 1, bytes.fromhex("676400 15 ac d9 40"), bytes.fromhex("68ebe3cb")
BASELINE_SPS = bytes.fromhex("6742c01ed9")
LC_STEREO_48K = bytes.fromhex("1190")


def full(kind: bytes, *contents: bytes, version: int = 0) -> bytes:
    """A box with version and flags."""
    return box(kind, struct.pack(">I", version << 24), *contents)


def table(kind: bytes, rows: Sequence[Sequence[int]], code: str = "I", *, version: int = 0) -> bytes:
    """A box that counts its rows."""
    packed = b"".join(struct.pack(f">{len(row)}{code}", *row) for row in rows)
    return full(kind, struct.pack(">I", len(rows)), packed, version=version)


def nal(kind: int, size: int = 20) -> bytes:
    """A NAL unit behind its length."""
    return struct.pack(">IB", size + 1, kind) + bytes(size)


def avc(sps: bytes = SPS, *, kind: bytes = b"avc1", length_size: int = 4, extra: bytes = b"") -> bytes:
    """A sample entry of 640x272 pixels in H.264."""
    config = b"\1" + sps[1:4] + bytes([0xFC | length_size - 1, 0xE1]) + struct.pack(">H", len(sps)) + sps
    config += b"\1" + struct.pack(">H", len(PPS)) + PPS
    return box(kind, struct.pack(">6xH16xHH50x", 1, 640, 272), box(b"avcC", config), extra)


def aac(config: bytes = LC_STEREO_48K, *, quicktime: bool = False) -> bytes:
    """A sample entry of AAC, in QuickTime's form, too."""
    decoder = struct.pack(">BB11x", 0x40, 0x15) + bytes([5, len(config)]) + config
    stream = struct.pack(">HB", 1, 0) + bytes([4, len(decoder)]) + decoder
    esds = full(b"esds", bytes([3, len(stream)]), stream)
    if quicktime:
        wave = box(b"wave", box(b"frma", b"mp4a"), esds, bytes(4))
        return box(b"mp4a", struct.pack(">6xHH6xHH4xI16x", 1, 1, 2, 16, 48_000 << 16), wave)
    return box(b"mp4a", struct.pack(">6xH8xHH4xI", 1, 2, 16, 48_000 << 16), esds)


@dataclass
class Track:
    """What a track is made from; the samples are in decode order."""

    kind: bytes
    timescale: int
    entry: bytes
    samples: Sequence[bytes]
    durations: Sequence[int]
    shifts: Sequence[int] = ()
    keys: Sequence[int] | None = None
    edits: Sequence[tuple[int, int]] = ()
    rate: int = 0x10000
    per_chunk: int = 5
    replaced: dict[bytes, bytes] = field(default_factory=dict)

    def chunks(self) -> list[bytes]:
        """The bytes of the samples as they lie in the file."""
        step = self.per_chunk
        return [b"".join(self.samples[at : at + step]) for at in range(0, len(self.samples), step)]

    def build(self, offsets: Sequence[int]) -> bytes:
        """The trak box."""
        rest = len(self.samples) % self.per_chunk
        runs = [(1, self.per_chunk, 1), *([(len(offsets), rest, 1)] if rest else [])]
        tables = {
            b"stsd": full(b"stsd", struct.pack(">I", 1), self.entry),
            b"stts": table(b"stts", [(1, duration) for duration in self.durations]),
            b"ctts": table(b"ctts", [(1, shift) for shift in self.shifts], "i") if self.shifts else b"",
            b"stss": table(b"stss", [(key + 1,) for key in self.keys]) if self.keys is not None else b"",
            b"stsc": table(b"stsc", runs if len(self.samples) > rest else runs[1:]),
            b"stsz": full(b"stsz", bytes(4), struct.pack(">I", len(self.samples)), *map(_size, self.samples)),
            b"stco": table(b"stco", [(offset,) for offset in offsets]),
        }
        media = box(
            b"mdia",
            full(b"mdhd", struct.pack(">8xI8x", self.timescale)),
            full(b"hdlr", bytes(4), self.kind, bytes(13)),
            box(
                b"minf",
                box(b"dinf", full(b"dref", struct.pack(">I", 1), box(b"url ", b"\0\0\0\1"))),
                box(b"stbl", *(tables | self.replaced).values()),
            ),
        )
        rows = [(length, start, self.rate) for length, start in self.edits]
        return box(b"trak", box(b"edts", table(b"elst", rows, "i")) if rows else b"", media)


def _size(sample: bytes) -> bytes:
    return struct.pack(">I", len(sample))


def film(*tracks: Track, extra: bytes = b"") -> bytes:
    """A whole file: the samples, then the index, whose clock has 1000 ticks a second."""
    start = box(b"ftyp", b"isom\0\0\0\0isom")
    data, offsets = b"", list[list[int]]()
    for track in tracks:
        offsets.append([])
        for chunk in track.chunks():
            offsets[-1].append(len(start) + 8 + len(data))
            data += chunk
    traks = [track.build(places) for track, places in zip(tracks, offsets, strict=True)]
    return start + box(b"mdat", data) + box(b"moov", full(b"mvhd", struct.pack(">8xI80x", 1000)), *traks, extra)


def pictures(seconds: int = 12, *, gop: int = 50, edits: Sequence[tuple[int, int]] = (), **changes: Any) -> Track:
    """Pictures at 25 a second, with one B-frame between every two others, and a key frame every `gop`."""
    count = 25 * seconds
    ends = {0, gop - 1} if gop % 2 == 0 else {0}
    shifts = [512 if at % gop in ends else 1024 if at % gop % 2 else 0 for at in range(count)]
    samples = [nal(IDR if at % gop == 0 else SLICE, 10 + at % 7) for at in range(count)]
    made = Track(b"vide", 12_800, avc(), samples, [512] * count, shifts, list(range(0, count, gop)), edits)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def sound(seconds: int = 12, *, edits: Sequence[tuple[int, int]] = (), **changes: Any) -> Track:
    """Sound at 48 kHz."""
    count = 48_000 * seconds // 1024
    samples = [struct.pack(">I", at) + bytes(at % 5) for at in range(count)]
    made = Track(b"soun", 48_000, aac(), samples, [1024] * count, edits=edits)
    for name, value in changes.items():
        setattr(made, name, value)
    return made
