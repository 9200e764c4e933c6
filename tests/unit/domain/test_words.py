"""Numbers as people read them."""

from __future__ import annotations

import pytest

from server.domain.words import duration, size


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, ""), (0.4, "0:00"), (59.6, "1:00"), (61, "1:01"), (3600, "1:00:00"), (7325, "2:02:05")],
)
def test_durations(seconds, shown):
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_234_567, "1.2 MB"),
        (999_950_000, "1.0 GB"),
        (64 * 10**9, "64.0 GB"),
    ],
)
def test_sizes(count, shown):
    assert size(count) == shown
