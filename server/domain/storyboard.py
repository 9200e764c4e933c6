"""The storyboard: small pictures of the film, one every few seconds and many to a sheet, to look along it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from server.domain import webvtt
from server.domain.timeline import Segment

TILE_WIDTH = 160
MAX_TILES = 600  # of one film: six sheets
SIDE = 10  # tiles along each side of a sheet


@dataclass(frozen=True, slots=True)
class Tile:
    """A small picture: the segment whose first picture it is, and the seconds that it stands for."""

    segment: int
    start: Fraction
    end: Fraction


def sheet_name(number: int) -> str:
    """Return the file name of a sheet, which counts from 0."""
    return f"{number}.jpg"


def tiles(planned: Sequence[Segment]) -> tuple[Tile, ...]:
    """Choose at most MAX_TILES segments, evenly along the film; each stands for the time until the next one."""
    duration = planned[-1].start + planned[-1].length
    longest = max(segment.length for segment in planned)
    step = max(longest, duration / MAX_TILES)
    chosen: list[Segment] = []
    for segment in planned:
        if not chosen or segment.start >= chosen[0].start + step * len(chosen):
            chosen.append(segment)
    ends = [*(segment.start for segment in chosen[1:]), duration]
    return tuple(Tile(segment.index, segment.start, end) for segment, end in zip(chosen, ends, strict=True))


def tile_size(width: int, height: int) -> tuple[int, int]:
    """Return the size of a tile of pictures of this shape: 160 pixels wide (upright: as many high), both even."""
    if height > width:
        return max(2, 2 * round(TILE_WIDTH * width / height / 2)), TILE_WIDTH
    return TILE_WIDTH, max(2, 2 * round(TILE_WIDTH * height / width / 2))


def sheets(count: int) -> int:
    """Return how many sheets `count` tiles need."""
    return math.ceil(count / SIDE**2)


def document(shown: Sequence[Tile], size: tuple[int, int]) -> str:
    """Return the WebVTT metadata track: for every stretch of time its sheet and the place in it (Media Fragments)."""
    width, height = size
    cues = []
    for number, tile in enumerate(shown):
        sheet, place = divmod(number, SIDE**2)
        row, column = divmod(place, SIDE)
        address = f"{sheet_name(sheet)}#xywh={column * width},{row * height},{width},{height}"
        cues.append(webvtt.Cue(tile.start, tile.end, address))
    return webvtt.render(cues)
