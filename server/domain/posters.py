"""Posters: where in a film to look for them, and which of them says most."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction

PLACES = (Fraction(1, 10), Fraction(3, 10), Fraction(1, 2), Fraction(7, 10))
ATTEMPTS = 3
_STEP = Fraction(3, 100)  # of the film, from a picture that shows nothing to the next attempt

_DARK = 20.0  # mean luma, of 255
_BRIGHT = 243.0
_FLAT = 6.0  # standard deviation of luma: a plain wall has more
_BINS = 32


def attempts(choice: int, duration: Fraction) -> list[Fraction]:
    """Return the seconds at which to look for candidate `choice`, best first."""
    return [duration * (PLACES[choice] + _STEP * number) for number in range(ATTEMPTS)]


def shows_something(luma: bytes) -> bool:
    """Say whether a picture (its pixels' brightness, 0 to 255) is more than black, white or one colour."""
    mean = sum(luma) / len(luma)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in luma) / len(luma))
    return _DARK < mean < _BRIGHT and deviation > _FLAT


def score(luma: bytes) -> float:
    """Return how much a picture tells, in bits per pixel: the entropy of its brightness (Shannon 1948).

    White letters on black have great contrast and say little about the film; a street in daylight uses every grey.
    """
    counts = Counter(value * _BINS // 256 for value in luma)
    return -sum(count / len(luma) * math.log2(count / len(luma)) for count in counts.values())
