"""I-frame playlists (RFC 8216, 4.3.3.6): the key frame at the head of every segment, for players that leaf through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from server.domain.playlist import INIT_SEGMENT, Rates, segment_name
from server.domain.timeline import Segment


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """Where the first picture of a segment lies in its file: the fragment's header and the picture, in bytes."""

    segment: Segment
    offset: int
    size: int


def rates(frames: Sequence[KeyFrame]) -> Rates:
    """Return the rates of key frames, each of which is shown for the length of its segment."""
    seconds = sum((frame.segment.length for frame in frames), Fraction(0))
    peak = max(frame.size * 8 / frame.segment.length for frame in frames)
    return Rates(round(peak), round(sum(frame.size for frame in frames) * 8 / seconds))


def playlist(frames: Sequence[KeyFrame]) -> str:
    """Return the I-frame playlist of one rendition."""
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(1, max(int(frame.segment.length + Fraction(1, 2)) for frame in frames))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-I-FRAMES-ONLY",
        f'#EXT-X-MAP:URI="{INIT_SEGMENT}"',
    ]
    for frame in frames:
        lines += [
            f"#EXTINF:{float(frame.segment.length):.6f},",
            f"#EXT-X-BYTERANGE:{frame.size}@{frame.offset}",
            segment_name(frame.segment.index),
        ]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
