"""Captions: the text tracks of a film as WebVTT that is safe to show: ffmpeg reads them, our own parser sifts them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from server.domain import webvtt
from server.domain.captions import CaptionTrack
from server.domain.source import Source
from server.settings import Media
from workers.media import diagnosis, extra_commands, sandbox

# Every track is read to its end; the pictures between are skipped, but they pass through the disk.
_BYTES_PER_SECOND = 4_000_000
_FILE_SIZE = 16 * 1024**2  # what ffmpeg may write of one track


def make_captions(
    source: Path,
    facts: Source,
    tracks: Sequence[tuple[CaptionTrack, int]],
    out: Path,
    *,
    limits: Media,
    cancel: sandbox.Cancel = sandbox.never,
) -> dict[str, str]:
    """Return the cleaned WebVTT of `tracks` (each with its stream index) by name; tracks without any text are missing.

    One run reads them all, into the folder `out`. No other stream of the file is opened, attachments least of all.
    Raises MediaFailed, NoSpace, Unplayable, Invalid.
    """
    command = extra_commands.captions([(track.name, index) for track, index in tracks], limits.max_pixels)
    wall = 120 + facts.size / _BYTES_PER_SECOND
    limit = sandbox.Limits(wall, wall, memory=sandbox.memory_for(0), file_size=_FILE_SIZE)
    outcome = sandbox.run(command, source=source, out=out, limits=limit, cancel=cancel)
    if outcome.status:
        raise diagnosis.failure(outcome)
    made: dict[str, str] = {}
    for track, _ in tracks:
        written = (out / f"{track.name}.vtt").read_bytes().decode("utf-8", errors="replace")
        if cues := webvtt.clean(written, facts.duration):
            made[track.name] = webvtt.render(cues)
    return made
