"""Order and patience of background work."""

from __future__ import annotations

from server.domain.task import QUEUE_OF, Priority, TaskKind, retry_delay


def test_waiting_grows_with_every_attempt_up_to_five_minutes():
    assert [retry_delay(attempt) for attempt in (1, 2, 3, 4, 5)] == [2.0, 8.0, 32.0, 128.0, 300.0]


def test_what_a_viewer_waits_for_comes_before_everything_else():
    assert max(Priority) is Priority.AWAITED


def test_every_kind_of_task_has_a_queue():
    assert set(QUEUE_OF) == set(TaskKind)
