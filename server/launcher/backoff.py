"""How long to wait before a part that died is started again."""

from __future__ import annotations

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0
FORGIVEN_AFTER_SECONDS = 60.0


def failures_after(failures: int, lived_seconds: float) -> int:
    """Count one more failure; a part that lived long enough begins anew."""
    return 1 if lived_seconds >= FORGIVEN_AFTER_SECONDS else failures + 1


def delay(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: doubling from the first, up to the longest."""
    return min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** (min(failures, 16) - 1))
