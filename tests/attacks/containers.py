"""Containers written byte by byte: what a well-behaved program would never write.

MP4 boxes after ISO/IEC 14496-12, Matroska elements after RFC 8794 and RFC 9559, RIFF after Microsoft's AVI reference.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

Change = Callable[[bytes], bytes]

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf"})


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return an MP4 box."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """Return an MP4 box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and body of the boxes that stand one after the other in `content`, with 32-bit sizes."""
    place = 0
    while place + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, place)
        yield kind, content[place + 8 : place + size]
        place += size


def changed(content: bytes, kind: bytes, change: Change) -> bytes:
    """Return `content` with the body of every box `kind`, however deep, as `change` returns it; sizes are kept right.

    `moov` must stand behind `mdat`, or chunk offsets point elsewhere.
    """
    made = []
    for name, body in boxes(content):
        inner = change(body) if name == kind else changed(body, kind, change) if name in _CONTAINERS else body
        made.append(box(name, inner))
    return b"".join(made)


def with_more(content: bytes, kind: bytes, *more: bytes) -> bytes:
    """Return `content` with `more` at the end of every box `kind`."""
    return changed(content, kind, lambda body: body + b"".join(more))


def nested(kind: bytes, depth: int) -> bytes:
    """Return a box in a box in a box."""
    total = 8 * depth
    return b"".join(struct.pack(">I4s", total - 8 * level, kind) for level in range(depth))


def element(identifier: int, *parts: bytes) -> bytes:
    """Return a Matroska element."""
    body = b"".join(parts)
    return identifier.to_bytes((identifier.bit_length() + 7) // 8) + (1 << 56 | len(body)).to_bytes(8) + body


def riff_chunk(kind: bytes, *parts: bytes) -> bytes:
    """Return a RIFF chunk."""
    body = b"".join(parts)
    return struct.pack("<4sI", kind, len(body)) + body + b"\0" * (len(body) % 2)


def wave(channels: int, sample_rate: int, seconds: float = 1.0) -> bytes:
    """Return a WAV file whose header says what it likes over `seconds` of 16-bit mono silence at 8 kHz."""
    form = struct.pack("<HHIIHH", 1, channels, sample_rate, 2 * channels * sample_rate & 0xFFFFFFFF, 2, 16)
    return riff_chunk(b"RIFF", b"WAVE", riff_chunk(b"fmt ", form), riff_chunk(b"data", bytes(int(16_000 * seconds))))


def avi_with_subtitles(subtitles: bytes) -> bytes:
    """Return an AVI with one text stream, whose only packet is a GAB2 subtitle file (as DivX players read it)."""
    header = struct.pack("<4s4sIHHIIIIIIII", b"txts", b"\0" * 4, 0, 0, 0, 0, 1, 1, 0, 1, len(subtitles), 0, 0)
    main = struct.pack("<14I", 40_000, 0, 0, 0x10, 1, 0, 1, 0, 16, 16, 0, 0, 0, 0)
    stream = riff_chunk(b"LIST", b"strl", riff_chunk(b"strh", header + bytes(8)), riff_chunk(b"strf", b""))
    name = "x.srt\0".encode("utf-16-le")
    packet = struct.pack("<4sBHI", b"GAB2", 0, 2, len(name)) + name + struct.pack("<HI", 4, len(subtitles)) + subtitles
    movie = riff_chunk(b"LIST", b"movi", riff_chunk(b"00tx", packet))
    return riff_chunk(b"RIFF", b"AVI ", riff_chunk(b"LIST", b"hdrl", riff_chunk(b"avih", main), stream), movie)


def fragments(init: bytes, sample: bytes, count: int, *, track: int = 1, ticks: int = 512) -> bytes:
    """Return a fragmented MP4 of `count` fragments with the one `sample` in each, behind a given `init`."""
    header = full_box(b"tfhd", 0, 0x020000, struct.pack(">I", track))  # default-base-is-moof

    def fragment(number: int) -> bytes:
        time = full_box(b"tfdt", 1, 0, struct.pack(">Q", number * ticks))
        run = full_box(b"trun", 0, 0x000301, struct.pack(">IiII", 1, 104, ticks, len(sample)))
        moof = box(b"moof", full_box(b"mfhd", 0, 0, struct.pack(">I", number + 1)), box(b"traf", header, time, run))
        return moof + box(b"mdat", sample)  # the sample stands 104 bytes behind the start of its moof

    return init + b"".join(map(fragment, range(count)))
