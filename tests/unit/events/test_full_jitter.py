from __future__ import annotations

import random

from server.domain.backoff import Backoff


def ceilings(backoff: Backoff, count: int) -> list[float]:
    return [backoff.next() for _ in range(count)]


class Highest(random.Random):
    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002  # the signature is Python's
        return b


def test_the_ceiling_doubles_up_to_the_longest_wait() -> None:
    assert ceilings(Backoff(0.1, 1.0, Highest()), 6) == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_success_begins_anew() -> None:
    backoff = Backoff(0.1, 1.0, Highest())
    ceilings(backoff, 5)
    backoff.reset()
    assert backoff.next() == 0.1


def test_waits_are_spread_over_the_whole_range() -> None:
    source = random.Random(7)  # noqa: S311  # seeded, so that the test repeats
    waits = [Backoff(8.0, 8.0, source).next() for _ in range(1000)]
    assert min(waits) < 1.0
    assert max(waits) > 7.0
