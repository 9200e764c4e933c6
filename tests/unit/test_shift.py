"""A worker runs one function and nothing else that Redis might name."""

from __future__ import annotations

import pytest
from redis import Redis

from server.queue.doorbell import ENTRY_POINT
from workers import shift
from workers.worker import Ring


def _ring(name: str) -> Ring:
    job = Ring(connection=Redis(), serializer="json")
    job.func_name = name
    return job


def test_the_one_entry_point_is_what_a_ring_runs():
    assert _ring(ENTRY_POINT).func is shift.run


@pytest.mark.parametrize("name", ["os.system", "workers.shift.perform", "builtins.eval", ""])
def test_any_other_name_is_refused(name):
    with pytest.raises(PermissionError):
        _ring(name).func  # noqa: B018  # reading it is what is tried


def test_no_callback_is_ever_imported():
    job = _ring(ENTRY_POINT)
    job._success_callback_name = "os.system"
    assert job.success_callback is None
