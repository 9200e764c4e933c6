"""The poster: one good picture of the film."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from server.domain.source import Source
from server.errors import MediaFailed
from server.settings import Media
from workers.media import commands, diagnosis, sandbox


def make_poster(
    source: Path, facts: Source, out: Path, *, limits: Media, cancel: sandbox.Cancel = sandbox.never
) -> Path | None:
    """Write `poster.jpg` (at most 1280 pixels wide) into the folder `out` and return its path; None for sound alone.

    The picture is the most typical of about two seconds after the first tenth of the film: seldom black, never a
    flash. A file that ends before gives one from its beginning. Raises MediaFailed, NoSpace, Unplayable.
    """
    if facts.video is None:
        return None
    made = out / commands.POSTER_FILE
    limit = sandbox.Limits(120, 60, memory=sandbox.memory_for(facts.video.pixels))
    for at in (facts.picture_duration / 10, Fraction(0)):
        command = commands.poster(facts.video, at, limits.max_pixels)
        outcome = sandbox.run(command, source=source, out=out, limits=limit, cancel=cancel, progress=lambda _: None)
        if outcome.status:
            raise diagnosis.failure(outcome)
        if made.exists() and made.stat().st_size:
            return made
    raise MediaFailed("No picture of the film can be shown.", code="media-failed.poster", detail=outcome.stderr)
