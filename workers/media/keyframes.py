"""The key frame at the head of a published segment: where it lies, and its bytes, without reading the rest."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from server.errors import MediaFailed
from workers.media import fmp4

_MAX_MOOF = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Head:
    """The first fragment of a segment: where its header begins, and its first picture, in bytes of the file."""

    start: int
    picture: int
    size: int

    @property
    def end(self) -> int:
        """The byte after the picture."""
        return self.picture + self.size


def head(segment: Path) -> Head:
    """Read the header of the first fragment of a segment. Raises MediaFailed if there is none, FileNotFoundError."""
    start = 0
    with segment.open("rb") as file:
        while len(begin := file.read(8)) == 8:
            size, kind = struct.unpack(">I4s", begin)
            if kind == b"moof" and 8 < size <= _MAX_MOOF:
                sample = fmp4.first_sample(begin + file.read(size - 8))
                return Head(start, start + sample.offset, sample.size)
            if kind in (b"moof", b"mdat") or size < 8:
                break
            start += size
            file.seek(start)
    raise MediaFailed("A segment has no fragment at its head.", code="media-failed.output")


def picture(segment: Path) -> bytes:
    """Return the coded first picture of a segment."""
    found = head(segment)
    with segment.open("rb") as file:
        file.seek(found.picture)
        return file.read(found.size)


def reel(init: bytes, pictures: Iterable[bytes]) -> bytes:
    """Return a film of nothing but key frames, a tick each, behind the init segment that they were made with."""
    frames = (fmp4.fragment(n + 1, n, [fmp4.Frame(data, 1)]) for n, data in enumerate(pictures))
    return b"".join([init, *frames])
