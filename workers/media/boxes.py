"""The boxes of MP4 files: walk over them, write them, and read the descriptors within.

ISO/IEC 14496-12 (boxes), 14496-14 and 14496-1 (esds).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

Bytes = bytes | bytearray

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"})


def boxes(data: Bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Yield kind, start, start of the content and end of each box between `start` and `end`.

    Raises IndexError or struct.error where a box does not fit.
    """
    while start < end:
        size, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1:
            size, header = struct.unpack_from(">Q", data, start + 8)[0], 16
        if size < header or start + size > end:
            raise IndexError(f"box {kind!r} at {start} has size {size}")
        yield kind, start, start + header, start + size
        start += size


def find(data: Bytes, start: int, end: int, wanted: bytes) -> Iterator[tuple[int, int]]:
    """Yield content start and end of every `wanted` box, at any depth of plain containers."""
    for kind, _, body, stop in boxes(data, start, end):
        if kind == wanted:
            yield body, stop
        elif kind in _CONTAINERS:
            yield from find(data, body, stop, wanted)


def box(kind: bytes, *contents: bytes) -> bytes:
    """Return a box of `contents` one after another."""
    content = b"".join(contents)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def decoder_config(data: Bytes, esds: int) -> int:
    """Return where the DecoderConfigDescriptor's content begins: it stands in the ES descriptor, after its id."""
    return descriptor(data, descriptor(data, esds + 4) + 3)


def descriptor(data: Bytes, position: int) -> int:
    """Return where the content of the descriptor at `position` begins: after its tag and a size of 7 bits a byte."""
    position += 1
    while data[position] & 0x80:
        position += 1
    return position + 1
