from __future__ import annotations

from server.launcher import backoff


def test_the_wait_doubles_from_half_a_second_up_to_thirty() -> None:
    assert [backoff.delay(failures) for failures in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_part_that_fails_for_days_still_waits_thirty_seconds() -> None:
    assert backoff.delay(100_000) == 30


def test_a_minute_of_life_forgives_all_earlier_failures() -> None:
    assert backoff.failures_after(7, lived_seconds=59.9) == 8
    assert backoff.failures_after(7, lived_seconds=60) == 1
