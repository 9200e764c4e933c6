"""Init segments for copied tracks: a moov without samples (ISO/IEC 14496-12, 8.2 to 8.8), the same for every piece."""

from __future__ import annotations

import struct

from workers.media.boxes import box
from workers.media.mp4.entries import AudioEntry, VideoEntry

_MATRIX = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED = 0x55C4  # the language `und`
_IN_USE = 7  # enabled, in the movie, in the preview


def video_head(entry: VideoEntry, timescale: int) -> bytes:
    """Return the init segment of copied pictures."""
    fields = struct.pack(">6xH16xHHII4xH32xHh", 1, entry.width, entry.height, 0x480000, 0x480000, 1, 24, -1)
    colour = box(b"colr", entry.colour) if entry.colour else b""
    sample = box(b"avc1", fields, box(b"avcC", entry.config), colour)
    header = _full(b"vmhd", 1, bytes(8))
    return _head(sample, timescale, b"vide", header, volume=0, width=entry.width, height=entry.height)


def audio_head(entry: AudioEntry) -> bytes:
    """Return the init segment of copied sound. Its bit rates are 0, unknown."""
    fields = struct.pack(">6xH8xHH4xI", 1, entry.channels, 16, entry.sample_rate << 16)
    config = _descriptor(4, struct.pack(">BB3xII", 0x40, 0x15, 0, 0), _descriptor(5, entry.config))
    stream = _descriptor(3, struct.pack(">HB", 1, 0), config, _descriptor(6, b"\x02"))
    sample = box(b"mp4a", fields, _full(b"esds", 0, stream))
    header = _full(b"smhd", 0, bytes(4))
    return _head(sample, entry.sample_rate, b"soun", header, volume=0x100, width=0, height=0)


def _head(sample: bytes, timescale: int, kind: bytes, header: bytes, *, volume: int, width: int, height: int) -> bytes:
    tables = box(
        b"stbl",
        _full(b"stsd", 0, struct.pack(">I", 1), sample),
        _full(b"stts", 0, bytes(4)),
        _full(b"stsc", 0, bytes(4)),
        _full(b"stsz", 0, bytes(8)),
        _full(b"stco", 0, bytes(4)),
    )
    data = box(b"dinf", _full(b"dref", 0, struct.pack(">I", 1), _full(b"url ", 1)))
    media = box(
        b"mdia",
        _full(b"mdhd", 0, struct.pack(">8xI4xHH", timescale, _UNDETERMINED, 0)),
        _full(b"hdlr", 0, struct.pack(">4x4s13x", kind)),
        box(b"minf", header, data, tables),
    )
    shape = struct.pack(">8xI4x4x8xHHHH", 1, 0, 0, volume, 0) + _MATRIX + struct.pack(">II", width << 16, height << 16)
    track = box(b"trak", _full(b"tkhd", _IN_USE, shape), media)
    movie = struct.pack(">8xI4xIH10x", 1000, 0x10000, 0x100) + _MATRIX + struct.pack(">24xI", 2)
    extends = box(b"mvex", _full(b"trex", 0, struct.pack(">IIIII", 1, 1, 0, 0, 0)))
    return box(b"ftyp", b"iso6\0\0\0\0iso6cmfcmp41") + box(b"moov", _full(b"mvhd", 0, movie), track, extends)


def _full(kind: bytes, flags: int, *contents: bytes) -> bytes:
    """A box with version 0 and flags."""
    return box(kind, struct.pack(">I", flags), *contents)


def _descriptor(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return bytes([tag, len(content)]) + content
