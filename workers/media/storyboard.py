"""The storyboard: sheets of small pictures, made from the key frames of segments that are published already.

Only those pictures are read and decoded: a two-hour film costs seconds, not the minutes that its original would.
"""

from __future__ import annotations

from pathlib import Path

from server.domain import storyboard
from server.domain.playlist import INIT_SEGMENT, segment_name
from server.domain.rendition import VideoRendition
from server.domain.storyboard import Tile
from server.errors import MediaFailed
from server.settings import Media
from workers.media import diagnosis, extra_commands, keyframes, sandbox

REEL = "reel.mp4"


def make_storyboard(
    segments: Path,
    rendition: VideoRendition,
    tiles: tuple[Tile, ...],
    out: Path,
    *,
    limits: Media,
    cancel: sandbox.Cancel = sandbox.never,
) -> list[Path]:
    """Write the sheets of `tiles` into the folder `out`, from the folder `segments` of a complete rendition.

    Raises MediaFailed, NoSpace, FileNotFoundError if a segment is not there.
    """
    reel = out / REEL
    pictures = (keyframes.picture(segments / segment_name(tile.segment)) for tile in tiles)
    reel.write_bytes(keyframes.reel((segments / INIT_SEGMENT).read_bytes(), pictures))
    command = extra_commands.sheets(storyboard.tile_size(rendition.width, rendition.height), limits.max_pixels)
    memory = sandbox.memory_for(rendition.width * rendition.height)
    limit = sandbox.Limits(300, 60, memory=memory)
    outcome = sandbox.run(command, source=reel, out=out, limits=limit, cancel=cancel, progress=lambda _: None)
    if outcome.status:
        raise diagnosis.failure(outcome)
    made = [out / storyboard.sheet_name(number) for number in range(storyboard.sheets(len(tiles)))]
    if not all(sheet.exists() for sheet in made):
        raise MediaFailed("Not every sheet of the storyboard was made.", code="media-failed.output")
    return made
