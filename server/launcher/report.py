"""Tells people (terminal) and programs (status file) what the supervisor sees."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any

from server.launcher.home import Home, write_status
from server.launcher.supervisor import State, Watched
from server.launcher.terminal import Terminal

SITE = ("nginx", "web", "sockets")  # with these the address is worth opening, whatever else is still on its way
FIRST_RUN = "first-run"


class Report:
    """The Reporter of a private system: lines while it starts, then the address, then only what goes wrong."""

    def __init__(self, home: Home, address: str, terminal: Terminal) -> None:
        self._home = home
        self._address = address
        self._terminal = terminal
        self._begun = time.monotonic()
        self._greeted = False
        self._stopping = False
        self._last: dict[str, Any] = {}

    def ready(self, watched: Watched, seconds: float) -> None:
        """Say so; steps are quiet."""
        if not watched.part.once:
            self._terminal.ready(watched.part.name, f"{'back after ' if watched.restarts else ''}{seconds:.1f} s")

    def slow(self, watched: Watched) -> None:
        """Say where to look."""
        log = self._home.logs / f"{watched.part.name}.log"
        self._terminal.wait(watched.part.name, f"still starting; its log is {log}")

    def died(self, watched: Watched, how: str, lines: list[str], wait: float) -> None:
        """Say how, show the last lines, and say when it is tried again."""
        self._terminal.died(watched.part.name, f"{how}; starts again in {wait:g} s", lines)

    def set_aside(self, watched: Watched) -> None:
        """Say where the data is now."""
        self._terminal.wait(
            watched.part.name, f"begins with empty data; the old is in {watched.part.disposable}.broken"
        )

    def changed(self, parts: Iterable[Watched], *, stopping: bool) -> None:
        """Write the status file, and greet once the site is up and everything else was tried."""
        parts = list(parts)
        if stopping and not self._stopping:
            self._stopping = True
            self._terminal.say("\n  Stopping.")
        settled = all(each.state is State.READY or each.failures for each in parts)
        site = all(each.state is State.READY for each in parts if each.part.name in SITE or each.part.once)
        if settled and site and not self._greeted and not stopping:
            self._greeted = True
            self._greet(next((each.output for each in parts if each.part.name == FIRST_RUN), ""))
        status = self._status(parts, stopping=stopping)
        if status != self._last:
            self._last = status
            write_status(self._home, status)

    def _greet(self, code: str) -> None:
        say, strong = self._terminal.say, self._terminal.strong
        say(f"\n  Matinee is ready after {time.monotonic() - self._begun:.1f} s:  {strong(self._address)}")
        if code:
            say(f"  The first visit asks for this code:  {strong(code)}")
        say("\n  .venv/bin/matinee upload FILE   adds a film from this machine")
        say("  Ctrl-C                          stops everything\n")

    def _status(self, parts: list[Watched], *, stopping: bool) -> dict[str, Any]:
        ready = all(each.state is State.READY for each in parts)
        return {
            "state": "stopping" if stopping else "ready" if ready else "starting",
            "address": self._address,
            "pid": os.getpid(),
            "parts": [
                {
                    "name": each.part.name,
                    "state": str(each.state),
                    "pid": each.child.pid if each.child else None,
                    "restarts": each.restarts,
                }
                for each in parts
                if not each.part.once
            ],
        }
