"""`python -m tests.benchmarks.two_workers`: how much sooner two machines make a film than one.

Each is a worker on one core of this machine, with a network and a file system of its own where we may make them (as
root; else with folders of its own). The appliance encodes nothing itself. Every film is fetched anew. The pairs of runs
are interleaved, because the machine may be busy with other things now and then.
"""

from __future__ import annotations

import signal
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from server.launcher.configuration import LOOPBACK, as_toml
from server.launcher.system import System
from tests.benchmarks import films
from tests.benchmarks.appliance import uploaded
from tests.integration.remote.machine import (
    APART,
    Machine,
    address,
    hosts_at_work,
    line,
    machine,
    pause_encoders,
    wait_until,
)

ROUNDS = 3
SECONDS = 120  # of film: the last pieces, when one worker has nothing to do any more, should not count much


def measure(system: System, machines: list[Machine], film: Path) -> float:
    """Return the seconds from the last byte until the film is ready, made by one core of each of `machines`."""
    with ExitStack() as stack:
        for core, one in enumerate(machines):
            stack.enter_context(one.working(core))
        names = {one.name for one in machines}
        wait_until(lambda: names <= set(hosts_at_work(system).values()), "the machines are there")
        with uploaded(system, film) as upload:
            upload.settle()
            return upload.age


def main() -> None:
    """Print the median of both, and how they compare."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # networks and processes are taken down on the way out
    film = films.in_no_browsers_codec(SECONDS)
    walls: dict[int, list[float]] = {1: [], 2: []}
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        namespaces = [stack.enter_context(line(number)) if APART else None for number in (1, 2)]
        system = System(root / "appliance", address(1) if APART else LOOPBACK)
        system.home.root.mkdir()
        system.home.overrides.write_text(as_toml({"media": {"encode_workers": 1}}), encoding="utf-8")
        stack.enter_context(system)
        pause_encoders(system)
        machines = [
            stack.enter_context(machine(system, root / f"machine-{number}", number, namespace))
            for number, namespace in enumerate(namespaces, 1)
        ]
        for _ in range(ROUNDS):
            for count, seconds in walls.items():
                seconds.append(measure(system, machines[:count], film))
                sys.stdout.write(f"{count} worker(s)  {seconds[-1]:7.1f} s\n")
                sys.stdout.flush()
    one, two = (statistics.median(walls[count]) for count in (1, 2))
    apart = "network and mount namespaces" if APART else "folders"
    sys.stdout.write(f"{SECONDS} s of film, {apart} of their own, median of {ROUNDS}\n")
    sys.stdout.write(f"one worker {one:.1f} s, two workers {two:.1f} s: {one / two:.2f} x\n")


if __name__ == "__main__":
    main()
