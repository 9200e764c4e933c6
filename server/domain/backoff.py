"""How long to wait before trying again: exponential back-off with full jitter.

Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

import random


class Backoff:
    """Waiting times in seconds: each drawn evenly from zero to a ceiling, which doubles up to `most`.

    Full jitter keeps processes that lost the same server from coming back to it all at once.
    """

    def __init__(self, first: float = 0.1, most: float = 5.0, source: random.Random | None = None) -> None:
        self._first = first
        self._most = most
        self._ceiling = first
        self._source = source or random.SystemRandom()

    def next(self) -> float:
        """Return the next waiting time and double the ceiling."""
        delay = self._source.uniform(0, self._ceiling)
        self._ceiling = min(self._most, self._ceiling * 2)
        return delay

    def reset(self) -> None:
        """Begin anew, after something has worked."""
        self._ceiling = self._first
