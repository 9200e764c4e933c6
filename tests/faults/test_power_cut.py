"""The power of the disk for videos is cut while films come in and pieces are published; and what is there afterwards.

Everything that touches the disk dies in the same moment. `MATINEE_POWER_CUTS` says how often, and
`MATINEE_SEED` repeats a run.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from server.cli import tus
from server.errors import MatineeError
from server.launcher import kernel
from server.launcher.configuration import as_toml
from server.launcher.system import System
from server.store.database import rows
from tests import cast, clips
from tests.faults import volume as volumes
from tests.faults.story import assert_all_is_well, patiently, tasks_of, videos_of, wait_until
from tests.faults.volume import Volume

CUTS = int(os.environ.get("MATINEE_POWER_CUTS", "4"))
SEED = int(os.environ.get("MATINEE_SEED", "33"))
SETTINGS = {
    "tasks": {"lease_seconds": 5, "heartbeat_seconds": 1, "sweep_seconds": 1, "max_attempts": 3 + CUTS},
    "uploads": {"reserve_bytes": 1024**2},
}
LATEST_SECONDS = 2.5

pytestmark = [
    pytest.mark.skipif(volumes.missing() is not None, reason=str(volumes.missing())),
    pytest.mark.timeout(120 + 60 * CUTS),
]


@dataclass
class Machine:
    """A system whose disk can lose its power, and what its users were promised."""

    system: System
    volume: Volume
    bob: httpx.Client
    acknowledged: dict[str, bytes] = field(default_factory=dict)  # SHA-256 of what was uploaded, by video

    def upload(self, film: Path) -> None:
        """Upload a film, for as long as there is anybody to take it."""
        with suppress(httpx.HTTPError, MatineeError):
            video_id = tus.send(self.bob, film, lambda _: None)
            self.acknowledged[video_id] = hashlib.sha256(film.read_bytes()).digest()

    def cut_power(self) -> None:
        """Cut the power, let all die that used the disk, and look at the disk before anybody else does."""
        launcher = self.system.status()["pid"]
        self.volume.cut_power()
        kernel.send(launcher, signal.SIGSTOP)  # nobody is started again on a disk that is not there
        try:
            for pid in self._users(launcher):
                kernel.send(pid, signal.SIGKILL)
            self.volume.restore_power()
            self.assert_what_is_published_is_whole()
        finally:
            kernel.send(launcher, signal.SIGCONT)
        self.system.wait_ready()

    def _users(self, launcher: int) -> list[int]:
        """Every process of the system but the servers, which have disks of their own."""
        servers = {self.system.pid(name) for name in ("postgresql", "redis", "rabbitmq", "nginx")}
        children: dict[int, list[int]] = {}
        for process in kernel.processes():
            children.setdefault(process.parent, []).append(process.pid)
        found, ahead = [], [pid for pid in children.get(launcher, []) if pid not in servers and _is_ours(pid)]
        while ahead:
            found.append(pid := ahead.pop())
            ahead += children.get(pid, [])
        return found

    def assert_what_is_published_is_whole(self) -> None:
        """Whatever the manifest tells of is on the disk with these bytes; what it does not tell of yet is whole."""
        videos = self.volume.place / "videos"
        with cast.records(self.system):
            known = {f"{row['video_id']}/{row['path']}": row for row in rows("SELECT * FROM artifacts")}
        for name, row in known.items():
            data = (videos / name).read_bytes()
            assert row["kind"] == "text" or len(data) == row["size"], name
            if row["sha256"] is not None and row["kind"] != "text":
                assert hashlib.sha256(data).digest() == bytes(row["sha256"]), name
        for path in videos.rglob("*"):
            if path.suffix in (".m4s", ".mp4"):
                assert_whole_boxes(path)
            elif path.suffix == ".m3u8":
                text = path.read_text()
                assert text.startswith("#EXTM3U\n"), path
                assert text.endswith("\n"), path
        for video_id, digest in self.acknowledged.items():
            assert hashlib.sha256((videos / video_id / "original").read_bytes()).digest() == digest


def _is_ours(pid: int) -> bool:
    """Say whether a child of the launcher is one of Matinee's own processes, and not a server's helper."""
    try:
        return b"python" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def assert_whole_boxes(path: Path) -> None:
    """The boxes of a file (ISO/IEC 14496-12) fill it to its last byte, and none is empty of meaning, as zeros are."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        assert size >= 8, path
        assert data[at + 4 : at + 8].isalnum(), path
        at += size
    assert data, path
    assert at == len(data), path


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("power")
    system = System(folder / "home")
    system.home.root.mkdir()
    system.home.overrides.write_text(as_toml(SETTINGS), encoding="utf-8")
    with (
        volumes.mounted(folder, system.home.media, 256 * 1024**2) as volume,
        system,
        cast.client(system, cast.BOB) as bob,
    ):
        yield Machine(system, volume, bob)


def test_no_power_cut_loses_what_was_acknowledged_or_shows_half_a_file(machine: Machine) -> None:
    chance = random.Random(SEED)  # noqa: S311  # to be repeated, not to be secret
    films = [clips.carphone(), clips.bikes()]
    for number in range(CUTS):
        coming_in = threading.Thread(target=machine.upload, args=(films[number % 2],), daemon=True)
        coming_in.start()
        time.sleep(chance.uniform(0, LATEST_SECONDS))  # any moment will do: nothing is waited for
        machine.cut_power()
        coming_in.join(60)
        assert not coming_in.is_alive(), f"seed {SEED}, cut {number}"
    found = videos_of(machine.bob)
    assert set(machine.acknowledged) <= found
    wait_until(lambda: all(_settled(machine, video_id) for video_id in found), "every film is ready")
    machine.assert_what_is_published_is_whole()
    assert_all_is_well(machine.system, machine.bob, set(), found)


def _settled(machine: Machine, video_id: str) -> bool:
    state = patiently(lambda: machine.bob.get(f"/api/v1/videos/{video_id}")).json()["state"]
    assert state != "failed", tasks_of(machine.system, video_id)
    return bool(state == "ready")
