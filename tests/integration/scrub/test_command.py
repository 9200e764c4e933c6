"""The whole way: a segment is lost on the disk, an administrator asks, and the real workers make it again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from server.cli import tus
from server.launcher.home import ROOT
from server.launcher.system import System
from tests import cast, clips

PATIENCE_SECONDS = 90.0


@pytest.fixture
def bob(system: System) -> Iterator[httpx.Client]:
    with cast.client(system, cast.BOB) as api:
        yield api


def matinee(system: System, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as the owner of the machine."""
    command = [sys.executable, "-m", "server.cli", *words]
    environment = {**os.environ, "MATINEE_CONFIG": str(system.home.settings)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def scrubbed(system: System, *words: str) -> dict[str, Any]:
    """Ask for a run, wait for its end, and return it."""
    asked = json.loads(matinee(system, "scrub", *words, "--json").stdout)["runs"][0]["id"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        runs = json.loads(matinee(system, "scrub", "--json").stdout)["runs"]
        found: dict[str, Any] = next(run for run in runs if run["id"] == asked)
        if found["finished_at"]:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.2)


def test_a_lost_segment_comes_back_from_the_original(system: System, bob: httpx.Client) -> None:
    film = tus.send(bob, clips.carphone(), lambda _: None)
    assert cast.settled(bob, film)["state"] == "ready"
    segment = next((system.settings.paths.media / "videos" / film / "hls").glob("v*/00000.m4s"))
    whole = segment.read_bytes()
    segment.write_bytes(bytes(len(whole)))
    run = scrubbed(system, "--video", film)
    assert (run["video_id"], run["rotten"], run["missing"], run["remade"]) == (film, 1, 0, 1)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not segment.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert segment.read_bytes() == whole
    again = scrubbed(system, "--now")
    assert (again["video_id"], again["rotten"], again["missing"], again["trouble"]) == (None, 0, 0, None)
    told = matinee(system, "scrub")
    assert told.returncode == 0
    assert "nothing wrong" in told.stdout


def test_who_is_no_administrator_is_refused(bob: httpx.Client) -> None:
    assert bob.get("/api/v1/scrub").json()["code"] == "forbidden.scrub"
    assert bob.post("/api/v1/scrub").status_code == 403
