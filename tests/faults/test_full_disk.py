"""The disk for videos is full, of bytes or of files: work waits, uploads are refused, films play, and all goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

from server.cli import tus
from server.launcher.configuration import as_toml
from server.launcher.system import System
from tests import cast, clips
from tests.faults import volume as volumes
from tests.faults.conftest import SETTINGS
from tests.faults.story import TUS, is_done, patiently, tasks_of, wait_until
from tests.faults.volume import Volume

MEGABYTE = 1024**2

pytestmark = pytest.mark.skipif(volumes.missing() is not None, reason=str(volumes.missing()))


@dataclass
class Full:
    """A system whose disk can be filled, and how."""

    system: System
    volume: Volume
    fill: Callable[[], None]


@pytest.fixture(scope="module", params=["bytes", "files"])
def full(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    folder = tmp_path_factory.mktemp("full")
    system = System(folder / "home")
    system.home.root.mkdir()
    files = 600 if request.param == "files" else None
    settings = {**SETTINGS, "uploads": {"reserve_bytes": 8 * MEGABYTE}}
    system.home.overrides.write_text(as_toml(settings), encoding="utf-8")
    with volumes.mounted(folder, system.home.media, 300 * MEGABYTE, files) as volume, system:
        yield Full(system, volume, volume.fill_files if files else volume.fill_bytes)


@pytest.fixture(scope="module")
def bob(full: Full) -> Iterator[httpx.Client]:
    with cast.client(full.system, cast.BOB) as api:
        yield api


def watch(system: System, bob: httpx.Client, film: str) -> None:
    """Fetch every file of a film through nginx, as a player does."""
    patiently(partial(bob.post, "/api/v1/tickets"))
    hls = system.settings.paths.media / "videos" / film / "hls"
    files = [path for path in hls.rglob("*") if path.suffix in (".m3u8", ".m4s", ".mp4")]
    assert len(files) > 4
    for path in files:
        answer = bob.get(f"/media/{film}/hls/{path.relative_to(hls)}").raise_for_status()
        assert answer.content == path.read_bytes()


def test_a_full_disk_costs_nothing_but_time(full: Full, bob: httpx.Client) -> None:
    media = full.system.settings.paths.media
    finished = tus.send(bob, clips.carphone(), lambda _: None)
    assert cast.settled(bob, finished)["state"] == "ready"
    film = tus.send(bob, clips.tree(), lambda _: None)
    wait_until(lambda: len(tasks_of(full.system, film)) > 1, "the film is planned")
    full.fill()

    def waits() -> bool:
        codes = {task["error_code"] for task in tasks_of(full.system, film) if task["state"] != "done"}
        return any(str(code).startswith("no-space") for code in codes)

    wait_until(waits, f"work waits for room: {tasks_of(full.system, film)}")

    def rests() -> bool:
        full.fill()  # also what the attempts have given back
        return not attempts(media)

    wait_until(rests, f"nothing of the attempts is left: {attempts(media)}")
    assert {task["state"] for task in tasks_of(full.system, film)} <= {"queued", "running", "done"}

    before = set((media / "incoming").iterdir())
    refusal = bob.post("/api/v1/uploads", headers={**TUS, "Upload-Length": "1000"})
    assert (refusal.status_code, refusal.json()["code"]) == (507, "no-space.disk")
    assert set((media / "incoming").iterdir()) == before
    watch(full.system, bob, finished)

    full.volume.free()
    assert cast.settled(bob, film)["state"] == "ready"
    watch(full.system, bob, film)
    wait_until(partial(is_done, full.system, film), "what a film may lack is done as well")
    assert cast.settled(bob, tus.send(bob, clips.carphone(), lambda _: None))["state"] == "ready"


def attempts(media: Path) -> list[Path]:
    return [path for path in (media / "work").rglob("*") if path.is_file()]
