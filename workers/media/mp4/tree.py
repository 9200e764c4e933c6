"""The boxes of an untrusted index: a few children by name, never more than make sense."""

from __future__ import annotations

from workers.media.boxes import boxes
from workers.media.mp4.refusal import NotCopyable

_MOST_CHILDREN = 1000


def listed(data: bytes, start: int, end: int) -> list[tuple[bytes, int, int]]:
    """Return kind, content start and end of every box in order. Raises NotCopyable where there are too many."""
    found: list[tuple[bytes, int, int]] = []
    # QuickTime ends some lists with four zero bytes.
    while end - start >= 8 and len(found) <= _MOST_CHILDREN:
        kind, _, body, start = next(boxes(data, start, end))
        found.append((kind, body, start))
    if len(found) > _MOST_CHILDREN:
        raise NotCopyable("The index of the file has too many boxes.")
    return found


def children(data: bytes, start: int, end: int) -> dict[bytes, tuple[int, int]]:
    """Return content start and end of boxes by kind, the first of each."""
    return {kind: (body, stop) for kind, body, stop in reversed(listed(data, start, end))}


def descend(data: bytes, start: int, end: int, *path: bytes) -> tuple[int, int]:
    """Return content start and end of the box that `path` leads to. Raises KeyError if there is none."""
    for kind in path:
        start, end = children(data, start, end)[kind]
    return start, end
