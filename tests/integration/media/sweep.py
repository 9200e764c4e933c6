"""A sine sweep through everything that can be heard, and a measure of what a join does to it.

Left rises from 20 Hz to 20 kHz while right falls: at any moment one of the two is above 600 Hz, where a single sample
more or less is a step that can be seen.
"""

from __future__ import annotations

import array
import subprocess
from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass
from math import atan2, cos, exp, log, pi, sin
from pathlib import Path
from statistics import median

from server.domain.timeline import AAC_FRAME
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


def decode(path: Path, channels: int) -> list[MutableSequence[float]]:
    """Return every sample of the first two of the `channels` that a file holds."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-map", "0:a", "-f", "f32le", "-"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    samples = array.array("f", done.stdout)
    return [samples[channel::channels] for channel in (0, 1)]


@dataclass(frozen=True)
class Join:
    """What happens at a join: by how many samples the sound behind it is late, how far it is from a sine at most."""

    slip: float
    click: float


def measure(
    made: Sequence[MutableSequence[float]], whole: Sequence[MutableSequence[float]], at: int, rate: int
) -> Join:
    """Compare two decodes of the sweep around sample `at`: one made in pieces, one made in one run.

    A sine goes on as x[n+1] = 2 cos(w) x[n] - x[n-1]; what is left of the sound after that is noise, or a click. A
    piece that begins with the wrong sample does not click, for AAC fades frames into one another, but its phase is off.
    """
    around = range(at - round(AROUND * rate), at + round(AROUND * rate))
    click = max(_residue(one, n, rate, bool(channel)) for channel, one in enumerate(made) for n in around)
    falling = at / rate < SECONDS / 2  # the channel that is higher now tells more
    # The encoder bends single frames, otherwise in every run; a slip is in all of them.
    slips = [_slip(made[falling], whole[falling], at + AAC_FRAME * number, rate, falling) for number in range(1, 16, 2)]
    return Join(median(slips), click)


def _slip(made: Sequence[float], whole: Sequence[float], at: int, rate: int, falling: bool) -> float:
    window = range(at, at + 2 * AAC_FRAME)
    late = _phase(made, window, rate, falling) - _phase(whole, window, rate, falling)
    return ((late + pi) % (2 * pi) - pi) / _turn(at, rate, falling)


def _time(n: int, rate: int, falling: bool) -> float:
    return SECONDS - n / rate if falling else n / rate


def _turn(n: int, rate: int, falling: bool) -> float:
    """By how much the phase grows from a sample to the next."""
    return 2 * pi * LOW * exp(_time(n, rate, falling) * _OCTAVES / SECONDS) / rate


def _residue(samples: Sequence[float], n: int, rate: int, falling: bool) -> float:
    return abs(samples[n + 1] - 2 * cos(_turn(n, rate, falling)) * samples[n] + samples[n - 1])


def _phase(samples: Sequence[float], where: range, rate: int, falling: bool) -> float:
    """By how much of a turn (radians) the sweep is late there."""
    turns = 2 * pi * LOW * SECONDS / _OCTAVES
    phases = [turns * exp(_time(n, rate, falling) * _OCTAVES / SECONDS) for n in where]
    straight = sum(samples[n] * sin(phase) for n, phase in zip(where, phases, strict=True))
    across = sum(samples[n] * cos(phase) for n, phase in zip(where, phases, strict=True))
    late = -atan2(across, straight)
    return -late if falling else late
