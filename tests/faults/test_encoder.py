"""An ffmpeg that hangs, or needs more memory than there is: only its sandbox ends, and the reason is told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from server.domain.ids import new_id
from server.errors import MediaFailed
from tests import clips
from tests.faults.story import wait_until
from tests.faults.victims import family, program, strike
from workers.media import diagnosis, sandbox

MIB = 1024**2
ENDLESS = [
    *("ffmpeg", "-nostdin", "-loglevel", "error", "-nostats", "-progress", "pipe:1", "-stream_loop", "-1"),
    *("-i", sandbox.SOURCE, "-vf", "scale=1920:1080", "-c:v", "libx264", "-f", "null", "-"),
]

# What a worker does with one encode, and that it lives to tell.
WORKER = f"""
import json, sys
from pathlib import Path
from workers.media import diagnosis, sandbox
limits = sandbox.Limits(wall_seconds=60, stall_seconds=60)
outcome = sandbox.run({ENDLESS!r}, source=Path(sys.argv[1]), limits=limits, progress=lambda _: None)
error = diagnosis.failure(outcome)
print(json.dumps([error.code, error.permanent]))
"""


def test_a_frozen_encoder_is_ended(tmp_path: Path) -> None:
    path = Path("/proc/self")
    frozen: list[int] = []

    def freeze(_: dict[str, str]) -> None:
        if not frozen:
            frozen.extend(pid for pid in family(int(path.readlink().name)) if program(pid) == "ffmpeg")
            strike(frozen, signal.SIGSTOP)

    limits = sandbox.Limits(wall_seconds=60, stall_seconds=2)
    with pytest.raises(MediaFailed) as failed:
        sandbox.run(ENDLESS, source=clips.bikes(), out=tmp_path, limits=limits, progress=freeze)
    assert failed.value.code == "media-failed.stalled"
    assert not failed.value.permanent
    assert len(frozen) == 1
    assert program(frozen[0]) is None


def test_an_encoder_over_its_share_of_memory_fails_alone() -> None:
    limits = sandbox.Limits(wall_seconds=60, stall_seconds=60, memory=300 * MIB)
    outcome = sandbox.run(ENDLESS, source=clips.bikes(), limits=limits, progress=lambda _: None)
    assert diagnosis.failure(outcome).code in ("media-failed.memory", "media-failed.crashed")


@contextmanager
def scarce_memory(size: int) -> Iterator[Path]:
    """A control group whose processes have `size` bytes of memory together; yields its list of processes."""
    first = Path("/sys/fs/cgroup/memory")
    group = (first if first.exists() else Path("/sys/fs/cgroup")) / f"matinee-{new_id()}"
    group.mkdir()
    try:
        if first.exists():
            group.joinpath("memory.limit_in_bytes").write_text(str(size))
        else:
            group.joinpath("memory.max").write_text(str(size))
            group.joinpath("memory.swap.max").write_text("0")
        yield group / "cgroup.procs"
    finally:
        wait_until(lambda: not group.joinpath("cgroup.procs").read_text(), "its processes are gone")
        group.rmdir()


def test_a_machine_without_memory_ends_the_encoder_and_spares_the_worker() -> None:
    with scarce_memory(120 * MIB) as members:
        enter = f"open({str(members)!r}, 'w').write('0')"
        command = [sys.executable, "-c", f"{enter}\n{WORKER}", str(clips.bikes())]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert json.loads(done.stdout) == ["media-failed.killed", False]
