"""Films made by other machines alone, which share neither disk nor network with the appliance, and may vanish."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.cli import tus
from server.launcher.system import System
from server.store.database import rows
from tests import cast, clips
from tests.integration.remote.machine import Machine, wait_until


@pytest.fixture
def film(bob: httpx.Client) -> Iterator[str]:
    """A film of half a minute that has to be encoded."""
    video_id = tus.send(bob, clips.tree(), lambda _: None)
    yield video_id
    bob.delete(f"/api/v1/videos/{video_id}").raise_for_status()


def pieces(system: System, video_id: str) -> list[dict[str, Any]]:
    with cast.records(system):
        return rows("SELECT * FROM tasks WHERE video_id = %s AND kind LIKE '%%-piece'", video_id)


def running(system: System, video_id: str, machine: Machine) -> set[int]:
    """Return the pieces that a machine is at work on."""
    owned = [(task["id"], task["lease_owner"] or "") for task in pieces(system, video_id)]
    return {number for number, owner in owned if owner.endswith(f"@{machine.name}")}


def test_a_film_is_made_by_other_machines_alone(
    appliance: System, machines: list[Machine], bob: httpx.Client, film: str
) -> None:
    one, other = machines
    with one.working(), other.working():
        video = cast.settled(bob, film)
    assert (video["state"], video["error"]) == ("ready", None)
    made = pieces(appliance, film)
    assert {task["worker"].partition("@")[2] for task in made} == {one.name, other.name}
    assert {task["attempt"] for task in made} == {1}
    hls = appliance.settings.paths.media / "videos" / film / "hls"
    for playlist in hls.glob("*/index.m3u8"):
        named = {line for line in playlist.read_text().splitlines() if line.endswith(".m4s")}
        assert {path.name for path in playlist.parent.glob("*.m4s")} == named
    assert leftovers(one.folder) == leftovers(other.folder) == []


def test_a_machine_that_vanishes_costs_the_piece_it_was_at(
    appliance: System, machines: list[Machine], bob: httpx.Client, film: str
) -> None:
    lost, staying = machines
    with staying.working(), lost.working() as victim:
        wait_until(lambda: running(appliance, film, lost), "the machine is at work")
        victim.kill()
        victim.wait()
        abandoned = running(appliance, film, lost)
        video = cast.settled(bob, film)
    assert (video["state"], video["error"]) == ("ready", None)
    assert len(abandoned) <= 1
    assert {task["id"] for task in pieces(appliance, film) if task["attempt"] > 1} == abandoned


def test_a_machine_that_is_sent_home_hands_back_what_it_holds(
    appliance: System, machines: list[Machine], film: str
) -> None:
    machine, _ = machines
    with machine.working() as worker:
        wait_until(lambda: running(appliance, film, machine), "the machine is at work")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0
    assert running(appliance, film, machine) == set()
    assert max(task["attempt"] for task in pieces(appliance, film)) <= 1


def test_a_machine_that_was_dismissed_ends_and_says_why(machines: list[Machine]) -> None:
    machine, _ = machines
    (machine.folder / "token").rename(machine.folder / "good")
    (machine.folder / "token").write_text("mt_unknown\n")
    try:
        with machine.working() as worker:
            assert worker.wait(20) == 1
    finally:
        (machine.folder / "good").rename(machine.folder / "token")
    assert "matinee worker enroll" in machine.log.read_text()


def leftovers(folder: Path) -> list[Path]:
    """Return what attempts have left behind on a machine."""
    return list((folder / "cache/attempts").iterdir())
