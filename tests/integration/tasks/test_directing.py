"""Pausing, cancelling and draining in the running system, by its own API."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.cli import tus
from server.launcher import kernel
from server.launcher.configuration import as_toml
from server.launcher.system import System
from tests import cast, clips

SETTINGS = {"tasks": {"lease_seconds": 10, "heartbeat_seconds": 2, "sweep_seconds": 1}, "media": {"encode_workers": 2}}
PATIENCE_SECONDS = 90.0
ENCODING = {"heavy", "urgent"}


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of the module's own, whose workers its tests may send away."""
    system = System(tmp_path_factory.mktemp("directing"))
    system.home.root.mkdir(exist_ok=True)
    system.home.overrides.write_text(as_toml(SETTINGS), encoding="utf-8")
    with system:
        yield system


@pytest.fixture(scope="module")
def alice(private: System) -> Iterator[httpx.Client]:
    with cast.client(private, cast.ALICE) as api:
        yield api


def wait_until(holds: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := holds()):
        assert time.monotonic() < deadline, f"it never came to this: {what}"
        time.sleep(0.1)
    return found


def upload(api: httpx.Client) -> str:
    return tus.send(api, clips.tree(), lambda _: None)


def workers(api: httpx.Client) -> dict[str, dict[str, Any]]:
    """Those that encode."""
    found = api.get("/api/v1/workers").raise_for_status().json()["workers"]
    return {one["name"]: one for one in found if one["queue"] in ENCODING and one["state"] != "lost"}


def tell(api: httpx.Client, verb: str, **whom: object) -> list[str]:
    told: list[str] = api.post(f"/api/v1/workers/{verb}", json=whom).raise_for_status().json()["workers"]
    return told


def tasks(api: httpx.Client, video_id: str, state: str) -> list[dict[str, Any]]:
    asked = {"video": video_id, "state": state}
    found = api.get("/api/v1/tasks", params=asked).raise_for_status().json()["tasks"]
    return [one for one in found if one["queue"] == "heavy"]


def parts(system: System) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in system.status()["parts"]}


def encoders() -> set[int]:
    """The ffmpegs that descend from this very process."""
    table = list(kernel.processes())
    family = {os.getpid()}
    while more := {each.pid for each in table if each.parent in family} - family:
        family |= more
    return {pid for pid in family if _program(pid) == "ffmpeg"}


def _program(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:  # it has just ended
        return None


def test_paused_workers_take_nothing_until_they_may_go_on(alice: httpx.Client) -> None:
    wait_until(lambda: len(workers(alice)) == 3, "all encoders are registered")
    for name in workers(alice):
        assert tell(alice, "pause", name=name) == [name]
    video_id = upload(alice)
    wait_until(lambda: tasks(alice, video_id, "queued"), "the plan is made")
    video = alice.get(f"/api/v1/videos/{video_id}").json()
    assert (video["state"], video["progress"]["eta_seconds"]) == ("preparing", None)
    assert tasks(alice, video_id, "running") == tasks(alice, video_id, "done") == []
    assert {one["state"] for one in workers(alice).values()} == {"paused"}
    tell(alice, "resume", all=True)
    assert cast.settled(alice, video_id)["state"] == "ready"
    assert {one["worker"] for one in tasks(alice, video_id, "done")} <= set(workers(alice))


def test_a_cancelled_film_ends_its_encoders_and_can_be_prepared_again(alice: httpx.Client) -> None:
    video_id = upload(alice)
    wait_until(lambda: tasks(alice, video_id, "running") and encoders(), "a piece is being encoded")
    video = alice.post(f"/api/v1/videos/{video_id}/cancel").raise_for_status().json()
    assert (video["state"], video["error"]["code"]) == ("failed", "cancelled")
    wait_until(lambda: not encoders(), "the encoders have ended")
    assert tasks(alice, video_id, "running") == []
    again = alice.post(f"/api/v1/videos/{video_id}/retry").raise_for_status().json()
    assert (again["state"], again["error"]) == ("checking", None)
    assert cast.settled(alice, video_id)["state"] == "ready"
    rows = alice.get(f"/api/v1/videos/{video_id}/pieces").json()["renditions"]
    assert {piece["state"] for row in rows for piece in row["pieces"]} == {"done"}
    made = {one["name"]: one for one in alice.get(f"/api/v1/videos/{video_id}").json()["renditions"]}
    assert {row["name"] for row in rows} <= set(made)
    assert {one["state"] for one in made.values()} == {"ready"}


def test_a_drained_worker_finishes_its_task_and_stays_away(private: System, alice: httpx.Client) -> None:
    video_id = upload(alice)
    busy = wait_until(lambda: [one for one in workers(alice).values() if one["task"]], "a worker is at work")[0]
    part = next(name for name, each in parts(private).items() if each["pid"] == busy["pid"])
    tell(alice, "drain", name=busy["name"])
    wait_until(lambda: busy["name"] not in workers(alice), "the worker has left")
    assert alice.get(f"/api/v1/tasks/{busy['task']}").json()["attempt"] == 1
    wait_until(lambda: parts(private)[part]["state"] == "stopped", "the launcher lets it be")
    assert cast.settled(alice, video_id)["state"] == "ready"
    assert len(workers(alice)) == 2


def test_bob_is_told_nothing_about_workers_and_nothing_about_alice_s_work(private: System, alice: httpx.Client) -> None:
    video_id = upload(alice)
    with cast.client(private, cast.BOB) as bob:
        assert bob.get("/api/v1/workers").status_code == 403
        assert bob.post("/api/v1/workers/drain", json={"all": True}).status_code == 403
        assert bob.post(f"/api/v1/videos/{video_id}/cancel").status_code == 403
        assert bob.get("/api/v1/tasks").json() == {"tasks": [], "next_cursor": None}
    assert alice.post("/api/v1/workers/drain", json={}).status_code == 400
    assert cast.settled(alice, video_id)["state"] == "ready"
