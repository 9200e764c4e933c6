"""What of a file can pass on to players as it is, frame by frame: its own tables say where everything lies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from server.domain.source import Source


@dataclass(frozen=True, slots=True)
class PicturePassage:
    """Pictures that need no encoding: the seconds at which segments can begin and the last one ends, rates in bits per
    second (`peak` of any one segment), and the RFC 6381 name of the codec.
    """

    cuts: tuple[Fraction, ...]
    end: Fraction
    peak: int
    average: int
    codecs: str


@dataclass(frozen=True, slots=True)
class Passage:
    """The pictures, or None, and the stream indices of the sound tracks whose frames can be found without reading.

    `fragmented` says that the file is an MP4 whose index is scattered over it.
    """

    picture: PicturePassage | None = None
    sounds: frozenset[int] = frozenset()
    fragmented: bool = False


NOTHING = Passage()


def cut_like(source: Source, passage: Passage) -> Source:
    """Return the facts with the clock of the pictures that pass, which is exact: every rendition is cut like them."""
    picture = passage.picture
    if picture is None or source.video is None:
        return source
    start = picture.cuts[0]
    video = replace(source.video, start=start, duration=picture.end - start)
    return replace(source, cuts=picture.cuts, video=video, duration=max(source.duration, picture.end))
