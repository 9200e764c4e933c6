from __future__ import annotations

import pytest

from server.launcher import kernel
from server.launcher.system import System
from tests.integration.launcher.census import processes_of, wait_gone

PARTS = (
    "postgresql",
    "redis",
    "epmd",
    "rabbitmq",
    "nginx",
    "web",
    "sockets",
    "light-1",
    "light-2",
    "urgent-1",
    "heavy-1",
    "relay",
    "live",
    "sweeper",
    "scrubber",
)


def test_the_list_of_parts_is_complete(private: System) -> None:
    names = {part["name"] for part in private.status()["parts"]}
    assert {name for name in names if not name.startswith("heavy-")} == set(PARTS) - {"heavy-1"}


@pytest.mark.parametrize("name", PARTS)
def test_a_killed_part_comes_back_and_leaves_no_orphan(private: System, name: str) -> None:
    before = {part["name"]: part["pid"] for part in private.status()["parts"]}
    everything = processes_of(private)
    session = {each for each in everything if each.session == before[name]}
    assert session
    private.kill(name)
    private.wait_replaced(name, before[name])
    wait_gone(session)
    after = {part["name"]: part["pid"] for part in private.status()["parts"]}
    assert {each for each in before if before[each] != after[each]} == {name}


def test_after_all_the_killing_nothing_is_left_of_the_dead(private: System) -> None:
    launcher = private.status()["pid"]
    leaders = {part["pid"] for part in private.status()["parts"]}
    assert {each.pid for each in kernel.processes() if each.parent == launcher} == leaders


def test_the_terminal_says_what_happened(private: System) -> None:
    said = private.transcript.read_text()
    assert "redis         was killed by SIGKILL; starts again in 0.5 s" in said
    assert "redis         back after" in said
