"""`python -m tests.benchmarks.ladders`: a whole ladder, ours beside what others do with the same ffmpeg.

Every way makes the same four rungs of the same film (see films.py). The base is one process that decodes once and
scales in a cascade. The ways of PeerTube (packages/ffmpeg/src/ffmpeg-vod.ts) and MediaCMS (files/helpers.py) are their
arguments to ffmpeg, one process per rung and one after another; the products themselves do not run here. Ours is the
whole appliance: from the last byte of the upload until the film is ready.

Rounds alternate between the ways; figures are medians, and behind each stands its ratio to the base. "First" is the
time until a playlist names a segment that exists.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from server.launcher.system import System
from tests.benchmarks import films, machine, peers
from tests.benchmarks.appliance import prepare

Way = Callable[[Path, Path], None]


def measure(way: Way, film: Path) -> tuple[float, float, float]:
    """Run one way once: seconds of wall clock, of processors, and until something can be played."""
    with tempfile.TemporaryDirectory() as folder:
        first: list[float] = []
        over = threading.Event()
        started = time.monotonic()
        watching = threading.Thread(target=_watch, args=(Path(folder), started, first, over))
        watching.start()
        try:
            with machine.measured() as cost:
                way(film, Path(folder))
        finally:
            over.set()
            watching.join()
        return cost.wall, cost.cpu, first[0] if first else cost.wall


def _watch(folder: Path, started: float, first: list[float], over: threading.Event) -> None:
    """Note when the first playlist names a segment that exists."""
    while not over.wait(0.02):
        for playlist in folder.rglob("*.m3u8"):
            named = [line for line in playlist.read_text().splitlines() if line and not line.startswith("#")]
            if any((playlist.parent / name).is_file() and not name.endswith(".m3u8") for name in named):
                first.append(time.monotonic() - started)
                return


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    encoded, copied = films.in_no_browsers_codec(), films.copyable()
    ways: dict[str, tuple[Way, Path]] = {
        "one process, one decode, cascade": (peers.one_process, encoded),
        "one process per rung": (peers.one_process_per_rung, encoded),
        "PeerTube's way, must be encoded": (peers.peertube_encoding, encoded),
        "PeerTube's way, may be copied": (peers.peertube_copying, copied),
        "MediaCMS's way": (peers.mediacms("medium"), encoded),
        "MediaCMS's way at veryfast": (peers.mediacms("veryfast"), encoded),
    }
    with tempfile.TemporaryDirectory() as home, System(Path(home)) as system:
        ours = {"Matinee, must be encoded": encoded, "Matinee, may be copied": copied}
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in (*ways, *ours)}
        for _ in range(rounds):
            for name, (way, film) in ways.items():
                found[name].append(measure(way, film))
            for name, film in ours.items():
                found[name].append(prepare(system, film))
    base = _medians(found["one process, one decode, cascade"])
    sys.stdout.write(f"{'way':44}{'wall s':>9} ratio{'cpu s':>9} ratio{'first s':>9} ratio\n")
    for name, runs in found.items():
        sys.stdout.write(machine.row(name, _medians(runs), base))


def _medians(runs: list[tuple[float, float, float]]) -> list[float]:
    return [statistics.median(column) for column in zip(*runs, strict=True)]


if __name__ == "__main__":
    main()
