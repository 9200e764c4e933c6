"""Remuxing: pictures that could pass, in a file without a usable index, are written anew as an MP4 and copied from it.

That takes one pass over the file, so the film is begun without it: the rung that the source may replace just waits.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from server.domain.ladder import may_pass, passed
from server.domain.passage import Passage, PicturePassage
from server.domain.plan import Group, Plan
from server.domain.rendition import Codec, VideoRendition
from server.domain.task import NewTask, Priority, TaskKind

# How long the rungs in question wait for the remux. It tells when it is over; this is for one that cannot tell.
HOLD_SECONDS = 3600.0

# By their names in ffmpeg; an MP4 is among them only if it is fragmented.
_CONTAINERS = frozenset({"matroska,webm", "mpegts", "flv", "avi"})


def task(plan: Plan, passage: Passage) -> NewTask | None:
    """Return the task of the remux, or None where it would gain nothing."""
    remuxed = passage.fragmented or plan.source.container in _CONTAINERS
    if passage.picture is not None or not remuxed or not may_pass(plan.source) or not group(plan):
        return None
    return NewTask(TaskKind.REMUX, "remux", Priority.REMUX, essential=False)


def group(plan: Plan) -> Group:
    """Return the renditions that are made together with the largest one, which is the last of them.

    Empty if that is the one in which the film is first seen, or is copied already.
    """
    *_, largest = [made for made in plan.renditions if isinstance(made, VideoRendition) and made.codec is Codec.H264]
    found = next(together for together in plan.groups if largest in together)
    return () if largest.copy or found == plan.lowest else found


def replacement(plan: Plan, picture: PicturePassage) -> VideoRendition | None:
    """Return what the largest rendition is to be now: the source itself, with segments where its key frames stand.

    None where players cannot take the source in its own size.
    """
    video, together = plan.source.video, group(plan)
    if video is None or not together:
        return None
    made = passed(video, picture)
    if made.name != together[-1].name:
        return None
    # All renditions begin with the film, whether or not their first picture does.
    return replace(made, boundaries=(Fraction(0), *picture.cuts[1:], picture.end))
