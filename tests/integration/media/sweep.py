"""A sine sweep through everything that can be heard, and a measure of what a join does to it.

Left rises from 20 Hz to 20 kHz while right falls: at any moment one of the two is above 600 Hz, where a single sample
more or less is a step that can be seen.
"""

from __future__ import annotations

import array
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, log, pi
from pathlib import Path

from tests.integration.media.film import ffmpeg

SECONDS = 90
LOW, HIGH = 20, 20_000
LEVEL = 0.5
AROUND = 0.02  # seconds on both sides of a join

_OCTAVES = log(HIGH / LOW)


def write(path: Path, rate: int) -> Path:
    """Write the sweep as FLAC."""
    turns = f"2*PI*{LOW * SECONDS / _OCTAVES}"
    rising, falling = f"exp(t*{_OCTAVES / SECONDS})", f"exp(({SECONDS}-t)*{_OCTAVES / SECONDS})"
    tones = "|".join(f"{LEVEL}*sin({turns}*{tone})" for tone in (rising, falling))
    ffmpeg("-f", "lavfi", "-i", f"aevalsrc={tones}:s={rate}:d={SECONDS}", "-c:a", "flac", path)
    return path


def decode(path: Path, channels: int) -> list[array.array[float]]:
    """Return every sample of the first two of the `channels` that a file holds."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-map", "0:a", "-f", "f32le", "-"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    samples = array.array("f", done.stdout)
    return [samples[channel::channels] for channel in (0, 1)]


@dataclass(frozen=True)
class Join:
    """What happens at a join: how far two decodes differ at most, and how far the first is from a sine at most."""

    difference: float
    click: float


def measure(made: Sequence[array.array[float]], whole: Sequence[array.array[float]], at: int, rate: int) -> Join:
    """Compare two decodes of the sweep around sample `at`.

    A sine goes on as x[n+1] = 2 cos(w) x[n] - x[n-1]; what is left of the sound after that is noise, or a click.
    """
    around = range(at - round(AROUND * rate), at + round(AROUND * rate))
    difference = max(abs(one[n] - other[n]) for one, other in zip(made, whole, strict=True) for n in around)
    click = max(_residue(one, n, rate, falling=bool(channel)) for channel, one in enumerate(made) for n in around)
    return Join(difference, click)


def _residue(samples: array.array[float], n: int, rate: int, *, falling: bool) -> float:
    time = SECONDS - n / rate if falling else n / rate
    turn = 2 * pi * LOW * (HIGH / LOW) ** (time / SECONDS) / rate
    return abs(samples[n + 1] - 2 * cos(turn) * samples[n] + samples[n - 1])
