"""The folder of one private system (`.matinee/` in the clone): where its things are, and the lock on it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.errors import Conflict, Unavailable
from server.launcher import kernel
from server.launcher.files import write_atomically

ROOT = Path(__file__).resolve().parents[2]
# A unix socket's path holds 107 bytes (unix(7)), some of which are for the sockets' names. redis-py cannot read a
# client list with a space in a path, and gunicorn and nginx have characters of their own that mean something.
PLAIN_AND_SHORT = re.compile(r"[A-Za-z0-9._/+@-]{1,80}")


@dataclass(frozen=True, slots=True)
class Home:
    """Every place of one private system. `run` (sockets) moves to a plain path where `root` is too long or odd."""

    root: Path
    run: Path

    @classmethod
    def at(cls, root: Path) -> Home:
        """Describe the system in folder `root`, whether or not it exists."""
        root = root.resolve()
        run = root / "run"
        if not PLAIN_AND_SHORT.fullmatch(str(run)):
            run = Path(tempfile.gettempdir(), f"matinee-{hashlib.sha256(os.fsencode(root)).hexdigest()[:16]}")
        return cls(root, run)

    @property
    def state(self) -> Path:
        """Secrets and certificates."""
        return self.root / "state"

    @property
    def secrets(self) -> Path:
        """Passwords and keys, each a file of mode 0600."""
        return self.state / "secrets"

    @property
    def media(self) -> Path:
        """The bytes of video."""
        return self.root / "media"

    @property
    def logs(self) -> Path:
        """One log per part."""
        return self.root / "logs"

    @property
    def settings(self) -> Path:
        """The settings file that every process of the system reads."""
        return self.root / "matinee.toml"

    @property
    def overrides(self) -> Path:
        """The administrator's own settings, which win over the launcher's."""
        return self.root / "overrides.toml"

    @property
    def ports(self) -> Path:
        """The TCP ports chosen last time."""
        return self.root / "ports.json"

    @property
    def parts(self) -> Path:
        """The identities of the started parts."""
        return self.root / "parts.json"

    @property
    def status(self) -> Path:
        """What the launcher says about the system, for `status` and for tests."""
        return self.run / "status.json"

    def create(self) -> None:
        """Make the folders, for the present user alone. Raises Unavailable if they belong to somebody else."""
        try:
            for folder in (self.root, self.run, self.state, self.secrets, self.media, self.logs):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                    raise PermissionError
        except PermissionError:
            message = f"{self.root} belongs to another user. Start Matinee as that user, or use a clone of your own."
            raise Unavailable(message) from None


class Lock:
    """Held by the running launcher; the kernel lets go of it when the launcher ends in any way."""

    def __init__(self, home: Home) -> None:
        self._path = home.root / "lock"
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock and write our identity into it. Raises Conflict if another launcher holds it."""
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            self._file = None
            raise Conflict("Another launcher runs in this folder.") from None
        itself = kernel.process(os.getpid())
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps({"pid": os.getpid(), "started": itself.started if itself else 0}).encode(), 0)

    def holder(self) -> int | None:
        """Return the process id of the launcher that wrote its identity here last and still lives, or None."""
        try:
            stored = json.loads(self._path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        found = kernel.process(stored["pid"])
        return found.pid if found and found.started == stored["started"] else None


def read_status(home: Home) -> dict[str, Any]:
    """Read what the launcher last said; empty if it never said anything."""
    try:
        status: dict[str, Any] = json.loads(home.status.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return status


def write_status(home: Home, status: dict[str, Any]) -> None:
    """Say what the system does now."""
    write_atomically(home.status, json.dumps(status, indent=1))
