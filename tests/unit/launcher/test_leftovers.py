from __future__ import annotations

from pathlib import Path

from server.launcher.kernel import Process
from server.launcher.leftovers import Record, belonging, recall, remember

WORKER = Record("heavy-1", pid=100, started=5000, stop_signal=15)


def process(pid: int, parent: int, session: int, started: int) -> Process:
    return Process(pid, "S", parent, session, started)


def found(*table: Process) -> set[int]:
    return belonging([WORKER], {each.pid: each for each in table})


def test_a_part_and_its_whole_session_belong_to_it() -> None:
    assert found(process(100, 1, 100, 5000), process(101, 100, 100, 5001), process(7, 1, 7, 10)) == {100, 101}


def test_the_session_of_a_dead_part_still_belongs_to_it() -> None:
    assert found(process(101, 1, 100, 5001)) == {101}


def test_descendants_in_sessions_of_their_own_belong_to_it() -> None:
    table = (process(101, 1, 100, 5001), process(102, 101, 102, 5002), process(103, 102, 103, 5003))
    assert found(*table) == {101, 102, 103}


def test_a_stranger_who_got_the_same_number_is_left_alone() -> None:
    assert found(process(100, 1, 100, 9000), process(200, 100, 100, 9001)) == set()


def test_a_process_older_than_the_part_is_left_alone() -> None:
    assert found(process(101, 1, 100, 4999)) == set()


def test_what_is_remembered_is_recalled(tmp_path: Path) -> None:
    remember(tmp_path / "parts.json", [WORKER])
    assert recall(tmp_path / "parts.json") == [WORKER]


def test_records_of_an_earlier_boot_mean_nothing(tmp_path: Path) -> None:
    file = tmp_path / "parts.json"
    remember(file, [WORKER])
    file.write_text(file.read_text().replace('"boot": "', '"boot": "an-earlier-'))
    assert recall(file) == []


def test_a_damaged_or_missing_record_means_nothing(tmp_path: Path) -> None:
    (tmp_path / "damaged.json").write_text('{"boot": ')
    assert recall(tmp_path / "damaged.json") == []
    assert recall(tmp_path / "missing.json") == []
