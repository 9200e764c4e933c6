"""The waveform: what the sound of a film without pictures looks like."""

from __future__ import annotations

from pathlib import Path

from server.domain.soundtracks import soundtracks
from server.domain.source import Source
from server.errors import MediaFailed
from server.settings import Media
from workers.media import diagnosis, sandbox, sound_commands

STALL_SECONDS = 120


def draw_waveform(
    source: Path, facts: Source, out: Path, *, limits: Media, cancel: sandbox.Cancel = sandbox.never
) -> Path:
    """Write `waveform.jpg`, 1280 by 320 pixels, of the sound that plays by default into the folder `out`.

    The whole file is read. Raises MediaFailed, NoSpace, Unplayable.
    """
    playing = soundtracks(facts)[0].track
    track = next(track for track in facts.audio if track.index == playing)
    outcome = sandbox.run(
        sound_commands.waveform(track, facts.duration, max_pixels=limits.max_pixels),
        source=source,
        out=out,
        limits=sandbox.Limits(300 + float(facts.duration), STALL_SECONDS),
        cancel=cancel,
        progress=lambda _: None,
    )
    if outcome.status:
        raise diagnosis.failure(outcome)
    made = out / sound_commands.WAVEFORM_FILE
    if not made.exists() or not made.stat().st_size:
        raise MediaFailed("The sound of the film cannot be drawn.", code="media-failed.poster", detail=outcome.stderr)
    return made
