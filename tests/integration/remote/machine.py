"""Another machine: a worker with a network, a file system and a token of its own, and nothing of the appliance's.

Root gives it a network namespace joined to ours by a pair of virtual cards, and hides the appliance's folder under an
empty one (ip-netns(8), unshare(1)); anybody else has to be content with separate folders.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.launcher.home import ROOT
from server.launcher.system import System
from server.services.hosts import Hosts
from tests import cast

APART = os.geteuid() == 0
NETWORK = "198.18.7.{}"  # set aside for tests of networks (RFC 2544), so nobody's real one
SECONDS = 20


@dataclass
class Machine:
    """One machine, on which any number of workers may be started."""

    name: str
    folder: Path
    prefix: tuple[str, ...]
    origin: str
    log: Path

    def start(self, core: int | None = None) -> subprocess.Popen[bytes]:
        """Start a worker, on one core alone if it is named; whoever starts it ends it."""
        token, authority = self.folder / "token", self.folder / "ca.crt"
        worker = (sys.executable, "-m", "workers.main", "heavy", "--origin", self.origin, "--token-file", str(token))
        pinned = () if core is None else ("taskset", "--cpu-list", str(core))
        command = (*self.prefix, *pinned, *worker, "--ca", str(authority), "--folder", str(self.folder / "cache"))
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}
        with self.log.open("ab") as said:
            return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=said, stderr=said)

    @contextmanager
    def working(self, core: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
        """A worker that is sent home at the end, whatever happens."""
        worker = self.start(core)
        try:
            yield worker
        finally:
            worker.send_signal(signal.SIGTERM)
            try:
                worker.wait(SECONDS)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait(SECONDS)


def address(number: int) -> str:
    """Our own address on the line to machine `number`."""
    return NETWORK.format(4 * number + 1)


@contextmanager
def line(number: int) -> Iterator[str]:
    """A network namespace with one line to us; yields its name. Nothing of it is left afterwards."""
    name = f"matinee-{os.getpid()}-{number}"
    card = f"mt{os.getpid()}n{number}"[-15:]
    with ExitStack() as stack:
        _ip("netns", "add", name)
        stack.callback(_ip, "netns", "delete", name)  # with it go both ends of the line
        _ip("link", "add", card, "type", "veth", "peer", "name", "line", "netns", name)
        _ip("address", "add", f"{address(number)}/30", "dev", card)
        _ip("link", "set", card, "up")
        for command in (
            ("address", "add", f"{NETWORK.format(4 * number + 2)}/30", "dev", "line"),
            ("link", "set", "line", "up"),
            ("link", "set", "lo", "up"),
            ("route", "add", "default", "via", address(number)),
        ):
            _ip("-n", name, *command)
        yield name


@contextmanager
def machine(system: System, folder: Path, number: int, namespace: str | None) -> Iterator[Machine]:
    """The enrolled machine `number`, whose things lie in `folder`."""
    name = f"shed-{number}"
    folder.mkdir(mode=0o700)
    with cast.records(system):
        token = Hosts().enroll(name)
    (folder / "token").touch(0o600)
    (folder / "token").write_text(f"{token}\n")
    shutil.copy(system.settings.paths.state / "tls/ca.crt", folder)
    prefix: tuple[str, ...] = ()
    if namespace is not None:
        hide = f'mount -t tmpfs none "{system.home.root}" && exec "$@"'
        prefix = ("ip", "netns", "exec", namespace, "unshare", "--mount", "sh", "-c", hide, "sh")
    yield Machine(name, folder, prefix, system.address, folder / "log")


ENCODING = {"heavy", "urgent"}


def hosts_at_work(system: System) -> dict[str, str]:
    """Return the machine of every worker that encodes by the worker's name."""
    with cast.client(system, cast.ALICE) as alice:
        found = alice.get("/api/v1/workers").raise_for_status().json()["workers"]
    return {one["name"]: one["host"] for one in found if one["queue"] in ENCODING and one["state"] != "lost"}


def pause_encoders(system: System) -> None:
    """Let the appliance itself encode nothing."""
    wait_until(lambda: len(hosts_at_work(system)) == len(ENCODING), "the encoders are there")
    with cast.client(system, cast.ALICE) as alice:
        for name in hosts_at_work(system):
            alice.post("/api/v1/workers/pause", json={"name": name}).raise_for_status()


def wait_until(holds: Callable[[], object], what: str, seconds: float = 45.0) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it never came to this: {what}"
        time.sleep(0.05)


def _ip(*arguments: str) -> None:
    subprocess.run(("ip", *arguments), check=True, timeout=SECONDS, capture_output=True)
