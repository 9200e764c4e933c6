"""Measure how loud the sounds of a film are: one reading of the whole original, whatever their number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from server.domain.loudness import SILENCE_LUFS, Loudness
from server.domain.rendition import AudioRendition
from server.domain.source import Source
from server.errors import MediaFailed
from server.settings import Media
from workers.media import diagnosis, sandbox, sound_commands

STALL_SECONDS = 120

_SUMMARY = re.compile(
    r"^\[ebur128@(?P<name>\w+) @ [^\]]*\] Summary:\s+Integrated loudness:\s+I: +(?P<integrated>\S+) LUFS"
    r".*?Loudness range:\s+LRA: +(?P<range>\S+) LU.*?True peak:\s+Peak: +(?P<peak>\S+) dBFS",
    re.MULTILINE | re.DOTALL,
)
# Of silence, ffmpeg says that it peaks at minus infinity, or that it is no number; JSON has neither.
_LOWEST_PEAK = -120.0


def measure_loudness(
    source: Path,
    facts: Source,
    renditions: Sequence[AudioRendition],
    *,
    limits: Media,
    cancel: sandbox.Cancel = sandbox.never,
) -> dict[str, Loudness]:
    """Return by name how loud each of `renditions` is. Raises MediaFailed, Unplayable."""
    outcome = sandbox.run(
        sound_commands.loudness(renditions, max_pixels=limits.max_pixels),
        source=source,
        limits=sandbox.Limits(300 + float(facts.duration) * len(renditions), STALL_SECONDS),
        cancel=cancel,
        progress=lambda _: None,
    )
    if outcome.status:
        raise diagnosis.failure(outcome)
    found = parse(outcome.stderr)
    if missing := {made.name for made in renditions} - found.keys():
        message = f"The loudness of {', '.join(sorted(missing))} could not be measured."
        raise MediaFailed(message, code="media-failed.loudness", detail=outcome.stderr)
    return {made.name: found[made.name] for made in renditions}


def parse(said: str) -> dict[str, Loudness]:
    """Return what the last summary of each filter `ebur128@<name>` in ffmpeg's log says."""
    return {
        match["name"]: Loudness(
            _number(match["integrated"], SILENCE_LUFS),
            _number(match["range"], 0.0),
            _number(match["peak"], _LOWEST_PEAK),
        )
        for match in _SUMMARY.finditer(said)
    }


def _number(text: str, least: float) -> float:
    return least if text in ("nan", "-nan", "-inf") else max(least, float(text))
