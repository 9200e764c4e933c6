from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.errors import Invalid, Unavailable
from server.events.subscribe import ATTEMPTS, PATIENCE_SECONDS, attempt


class Handler:
    """Raises what it is given, one after the other, and then succeeds."""

    def __init__(self, failures: Iterator[Exception]) -> None:
        self.failures = failures
        self.calls = 0

    def __call__(self, _body: bytes) -> None:
        self.calls += 1
        failure = next(self.failures, None)
        if failure is not None:
            raise failure


def test_an_event_that_is_handled_is_handled_once() -> None:
    handler = Handler(iter(()))
    assert attempt(handler, b"{}", sleep=lambda _: None)
    assert handler.calls == 1


def test_a_service_that_comes_back_costs_no_event() -> None:
    handler = Handler(Unavailable("away") for _ in range(20))
    assert attempt(handler, b"{}", sleep=lambda _: None)
    assert handler.calls == 21


def test_patience_with_a_service_has_an_end() -> None:
    waits: list[float] = []
    handler = Handler(Unavailable("away") for _ in range(100_000))
    assert not attempt(handler, b"{}", sleep=waits.append)
    assert PATIENCE_SECONDS <= sum(waits) < PATIENCE_SECONDS + 5.0


@pytest.mark.parametrize("error", [Invalid("never"), ValueError("never")])
def test_an_event_that_cannot_be_handled_is_given_up_after_a_few_attempts(error: Exception) -> None:
    handler = Handler(error for _ in range(100))
    assert not attempt(handler, b"{}", sleep=lambda _: None)
    assert handler.calls == ATTEMPTS
