"""A private system for tests: the very launcher of `make run`, as a child process, in a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from server import settings
from server.errors import Unavailable
from server.launcher.configuration import LOOPBACK
from server.launcher.home import ROOT, Home, read_status

START_SECONDS = 120.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05


class System:
    """One private system; as a context manager it starts on entry and stops on exit."""

    def __init__(self, folder: Path, listen: str = LOOPBACK) -> None:
        self.home = Home.at(folder)
        self._listen = listen
        self._launcher: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the launcher and wait until every part is ready. Raises Unavailable with what it said, if it fails."""
        self.home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = ("--home", str(self.home.root), "--listen", self._listen)
        command = (sys.executable, "-m", "server.launcher", "run", *place)
        with self.transcript.open("wb") as said:
            self._launcher = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
            )
        try:
            self.wait_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> int:
        """Stop the launcher in order, and return its exit code. Raises TimeoutExpired if it does not end in time."""
        if self._launcher is None:
            return 0
        self._launcher.terminate()
        return self._launcher.wait(STOP_SECONDS)

    def crash(self) -> None:
        """Kill the launcher alone, as the kernel would for want of memory."""
        if self._launcher is not None:
            self._launcher.kill()
            self._launcher.wait(STOP_SECONDS)

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until every part is ready. Raises Unavailable with what the launcher said, if that takes too long."""
        deadline = time.monotonic() + seconds
        while self.status().get("state") != "ready":
            ended = self._launcher is None or self._launcher.poll() is not None
            if ended or time.monotonic() > deadline:
                said = self.transcript.read_text(encoding="utf-8", errors="replace")
                raise Unavailable(f"The private system {'ended' if ended else 'is not ready'}. It said:\n{said}")
            time.sleep(POLL_SECONDS)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal to the leader of a part, and return its process id."""
        pid = self.pid(name)
        os.kill(pid, number)
        return pid

    def wait_replaced(self, name: str, pid: int, seconds: float = START_SECONDS) -> None:
        """Wait until a part lives again as another process than `pid`, and everything is ready."""
        deadline = time.monotonic() + seconds
        while self._part(name)["pid"] in (pid, None) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        self.wait_ready(max(0.0, deadline - time.monotonic()))

    def pid(self, name: str) -> int:
        """Return the process id of a part. Raises Unavailable if it does not live at the moment."""
        pid = self._part(name)["pid"]
        if not isinstance(pid, int):
            raise Unavailable(f"The part {name} does not live at the moment.")
        return pid

    def status(self) -> dict[str, Any]:
        """Return what the launcher says: state, address, pid and parts; empty while it says nothing."""
        status = read_status(self.home)
        return status if self._launcher and status.get("pid") == self._launcher.pid else {}

    @property
    def transcript(self) -> Path:
        """What the launcher wrote to its terminal in the present run."""
        return self.home.root / "launcher.log"

    @property
    def address(self) -> str:
        """The address of the site, as people type it."""
        return self.settings.web.address

    @property
    def settings(self) -> settings.Settings:
        """The settings that all its processes read."""
        return settings.load(self.home.settings)

    def _part(self, name: str) -> dict[str, Any]:
        parts: list[dict[str, Any]] = self.status().get("parts", [])
        return next((part for part in parts if part["name"] == name), {"pid": None})

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.stop()
