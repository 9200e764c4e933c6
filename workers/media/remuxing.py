"""Pictures in a container without a usable index: written anew as an MP4 by ffmpeg, and cut like any other MP4."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from server.domain.passage import PicturePassage
from server.domain.playlist import segment_name
from server.domain.source import Source
from server.domain.timeline import Segment, pieces
from server.errors import Unplayable
from server.settings import Media
from workers.media import commands, diagnosis, sandbox
from workers.media.copying import copy_pictures
from workers.media.mp4.index import Index, open_index
from workers.media.mp4.plan import plan_video
from workers.media.mp4.refusal import NotCopyable

STREAM = 0  # the only one in the new file

_BYTES_PER_SECOND = 2_000_000  # of the slowest disk
_STALL_SECONDS = 120
_ONE_SEGMENT = (1,)

# ffmpeg says so when it makes a time up; then the encoded renditions may have another one for the same picture. One
# that has much to say may have said that, too, before the part that is kept.
_TIMES_GUESSED = re.compile(r"\b[DP]TS\b|timestamp", re.IGNORECASE)
_TALKATIVE = 32 * 1024


def remux(
    source: Path,
    facts: Source,
    out: Path,
    *,
    limits: Media,
    cancel: sandbox.Cancel = sandbox.never,
    progress: sandbox.Progress | None = None,
) -> Index:
    """Write the pictures of `source` into a file in `out` as they are, and return its index.

    Times are those of the film's clock. The same source gives the same file. Raises MediaFailed, NotCopyable among
    them, NoSpace, Unplayable.
    """
    if facts.video is None:
        raise Unplayable("The film has no pictures.", code="unplayable.no-streams")
    limit = sandbox.Limits(
        wall_seconds=300 + facts.size / _BYTES_PER_SECOND,
        stall_seconds=_STALL_SECONDS,
        file_size=facts.size * 9 // 8 + (64 << 20),
    )
    outcome = sandbox.run(
        commands.remux(facts.video, limits.max_pixels),
        source=source,
        out=out,
        limits=limit,
        cancel=cancel,
        progress=progress or _unheard,
    )
    if outcome.status:
        raise diagnosis.failure(outcome)
    if _TIMES_GUESSED.search(outcome.stderr) or len(outcome.stderr) > _TALKATIVE:
        raise NotCopyable("The file does not say of every picture when it is shown.", detail=outcome.stderr)
    # It holds nothing but pictures, so it is not by its first one that its clock begins.
    return replace(open_index(out / commands.REMUXED_FILE), origin=0)


def find_picture(index: Index, facts: Source, segment_seconds: int) -> PicturePassage:
    """Return how the pictures of a remuxed film can be cut. Raises NotCopyable with the reason if they cannot."""
    if facts.video is None:
        raise Unplayable("The film has no pictures.", code="unplayable.no-streams")
    found = plan_video(index, STREAM, Fraction(segment_seconds))
    if abs(found.cuts[0] - facts.video.start) > facts.video.time_base:
        raise NotCopyable("The clock of the pictures begins elsewhere.")
    return found


def cut(
    index: Index,
    name: str,
    planned: tuple[Segment, ...],
    out: Path,
    *,
    present: Path | None = None,
    check: Callable[[], None],
) -> str:
    """Make the segments of the rendition `name` in a folder of that name, and return its codecs.

    Those that lie in the folder `present` are left out, but for the first one: nothing is nothing to publish. `check`
    is called before each of them, and may raise. Raises NotCopyable.
    """
    codecs = ""
    for piece in pieces(planned, _ONE_SEGMENT):
        if piece.first == 0 or present is None or not (present / segment_name(piece.first)).exists():
            check()
            codecs = copy_pictures(index, STREAM, name, piece, out).codecs
    return codecs


def _unheard(_: dict[str, str]) -> None:
    """Progress that nobody listens to still has to be read: the watchdog lives on it."""
