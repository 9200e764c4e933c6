from __future__ import annotations

from server.launcher.kernel import Process, parse_stat

STAT = "4711 ({name}) S 1 4711 4710 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 42436 3275 18446744073709551615 1 1"


def test_a_row_of_the_process_table_is_read() -> None:
    assert parse_stat(STAT.format(name="nginx")) == Process(4711, "S", 1, 4710, 98765)


def test_a_program_cannot_forge_its_row_by_its_name() -> None:
    assert parse_stat(STAT.format(name="a) R 7 7 7 (b")) == Process(4711, "S", 1, 4710, 98765)
