"""What must be true after every fault, and during it: nothing that was acknowledged is lost, nothing happens twice,
nothing half-made is visible, no secret is in a log, and all of it without anybody's help.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from server.launcher.system import System
from server.store.database import rows
from tests import cast
from tests.faults.story import LOOK_SECONDS, assert_all_is_well, is_done, videos_of, wait_until


@dataclass
class Oracle:
    """Watches the library while a fault happens, and judges at the end."""

    system: System
    bob: httpx.Client
    before: set[str]
    _seen: dict[Path, tuple[tuple[int, int], str]] = field(default_factory=dict)
    changed: set[Path] = field(default_factory=set)

    def look(self) -> None:
        """Note every segment that is visible; one whose content is another than before was made public twice."""
        for path in self.system.settings.paths.media.glob("videos/*/hls/*/*.m4s"):
            try:
                found = path.stat()
                identity = found.st_ino, found.st_mtime_ns
                known = self._seen.get(path)
                if known is None or known[0] != identity:
                    content = hashlib.sha256(path.read_bytes()).hexdigest()
                    if known is not None and known[1] != content:
                        self.changed.add(path)
                    self._seen[path] = identity, content
            except FileNotFoundError:  # a video was removed
                continue

    def judge(self, *made: str) -> None:
        """Assert everything about the films `made` since `before`, all of which can be played."""
        assert_all_is_well(self.system, self.bob, self.before, set(made))
        for video_id in made:
            wait_until(partial(is_done, self.system, video_id), "every task is done")
        self.look()
        assert self.changed == set()
        with cast.records(self.system):
            ready = rows(
                "SELECT subject, count(DISTINCT data->>'ready_at') AS times FROM outbox "
                "WHERE data->>'state' = 'ready' GROUP BY subject"
            )
        assert {row["subject"] for row in ready if row["times"] != 1} == set()
        assert self.told() == set()

    def told(self) -> set[str]:
        """The logs in which a secret of the system stands, or the token of its visitor."""
        home = self.system.home
        files = [path for path in home.state.rglob("*") if path.is_file() and path.stat().st_mode & 0o077 == 0]
        assert files
        secrets = [path.read_bytes().strip() for path in files]
        secrets += [line for secret in secrets for line in secret.splitlines()[1:2]]  # the first line of a key's body
        secrets.append(self.bob.headers["Authorization"].removeprefix("Bearer ").encode())
        logs = [path for path in (*home.logs.iterdir(), self.system.transcript) if path.is_file()]
        return {path.name for path in logs for secret in secrets if len(secret) >= 16 and secret in path.read_bytes()}


@contextmanager
def watching(system: System, bob: httpx.Client) -> Iterator[Oracle]:
    """Let an oracle look again and again while the block runs."""
    oracle = Oracle(system, bob, videos_of(bob))
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            oracle.look()

    thread = threading.Thread(target=watch, name=f"oracle-{os.getpid()}")
    thread.start()
    try:
        yield oracle
    finally:
        over.set()
        thread.join()
