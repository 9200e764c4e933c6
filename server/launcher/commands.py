"""The verbs of the launcher: run, stop, status. Each returns the exit code of the process."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from server.errors import Conflict, MatineeError, Unavailable
from server.launcher import kernel, leftovers, namespace
from server.launcher.assembly import assemble
from server.launcher.home import Home, Lock, read_status
from server.launcher.report import Report
from server.launcher.supervisor import Supervisor
from server.launcher.terminal import Terminal, terminal

STOP_SECONDS = 15.0
POLL_SECONDS = 0.05


def run(folder: Path, host: str, arguments: Sequence[str]) -> int:
    """Start the private system in `folder` and stay until it has stopped; `arguments` repeat this very command."""
    screen = terminal(sys.stdout)
    home = Home.at(folder)
    try:
        namespace.enter(arguments)
        os.umask(0o077)
        home.create()
        lock = Lock(home)
        try:
            lock.acquire()
        except Conflict:
            return _runs_already(home, lock)
        return _run(home, host, screen)
    except MatineeError as error:
        return _fail(error)


def _run(home: Home, host: str, screen: Terminal) -> int:
    screen.say(f"\n  {screen.strong('Matinee')}\n")
    ended = leftovers.end(leftovers.recall(home.parts))
    if ended:
        screen.wait("launcher", f"ended {ended} processes that an earlier run left behind")
    system = assemble(home, host)
    report = Report(home, system.address, screen)
    supervisor = Supervisor(system.parts, system.environment, home.logs, home.parts, report)
    well = supervisor.run()
    home.status.unlink(missing_ok=True)
    screen.say(
        "  Stopped.\n" if well else "  Stopped, because a step of the start failed again and again; see above.\n"
    )
    return 0 if well else 1


def _runs_already(home: Home, lock: Lock) -> int:
    address = read_status(home).get("address", "its address is not known yet")
    sys.stderr.write(f"Matinee already runs in {home.root} (process {lock.holder()}): {address}\n")
    sys.stderr.write("Stop it with Ctrl-C where it runs, or with `make stop`.\n")
    return 1


def stop(folder: Path) -> int:
    """End the running system in `folder`, and wait until it has ended."""
    lock = Lock(Home.at(folder))
    holder = lock.holder()
    if holder is None:
        sys.stdout.write("Matinee does not run here.\n")
        return 0
    kernel.send(holder, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while lock.holder() is not None:
        if time.monotonic() > deadline:
            return _fail(Unavailable(f"Process {holder} does not end. Its leftovers are ended by the next `make run`."))
        time.sleep(POLL_SECONDS)
    sys.stdout.write("Stopped.\n")
    return 0


def status(folder: Path, *, as_json: bool) -> int:
    """Print what the system in `folder` does; exit code 3 if it does not run, as systemctl has it."""
    home = Home.at(folder)
    running = Lock(home).holder() is not None
    found: dict[str, Any] = read_status(home) if running else {"state": "stopped", "parts": []}
    if as_json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
    else:
        sys.stdout.write(f"{found.get('state', 'starting')}  {found.get('address', '')}".rstrip() + "\n")
        for part in found.get("parts", []):
            sys.stdout.write(f"  {part['name']:<12}  {part['state']:<8}  {part['pid'] or ''}".rstrip() + "\n")
    return 0 if running else 3


def _fail(error: MatineeError) -> int:
    sys.stderr.write(f"{error.message}\n")
    return 1
