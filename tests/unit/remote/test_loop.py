"""What another machine offers to do is what the appliance hands out."""

from __future__ import annotations

import pytest

from server.domain.task import QUEUE_OF, Queue
from server.services.remote import KINDS
from workers.attempt import ShiftOver, leave
from workers.remote import loop


def test_a_machine_has_a_job_for_every_kind_that_is_handed_out_and_no_other():
    assert set(loop.JOBS) == KINDS
    assert {QUEUE_OF[kind] for kind in KINDS} == {Queue.HEAVY}


def test_no_attempt_of_a_living_process_is_deleted_and_those_of_dead_ones_are(tmp_path):
    (tmp_path / "attempts" / "dead").mkdir(parents=True)
    with loop._attempts(tmp_path) as first, loop._attempts(tmp_path) as second:
        assert sorted((tmp_path / "attempts").iterdir()) == sorted([first, second])
    assert list((tmp_path / "attempts").iterdir()) == []


def test_a_second_signal_does_not_disturb_the_good_bye(monkeypatch):
    ignored = []
    monkeypatch.setattr("workers.attempt.signal.signal", lambda number, _: ignored.append(number.name))
    with pytest.raises(ShiftOver):
        leave(15, None)
    assert ignored == ["SIGTERM", "SIGINT"]
