"""Choosing TCP ports on loopback: the remembered one, else the preferred one, else any that is free.

Two launchers on one machine may choose at the same moment, long before their servers listen. So a chosen port is
claimed by an abstract unix socket (unix(7)): one name per machine, released by the kernel when its holder dies.
"""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from server.errors import Unavailable
from server.launcher.files import write_atomically

PREFERRED: Mapping[str, int | None] = {"https": 8443, "amqp": None, "epmd": None, "erlang": None}
ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Ports:
    """The TCP ports of one system."""

    https: int
    amqp: int
    epmd: int
    erlang: int


def choose(remembered: Mapping[str, int], claim: Callable[[int], bool], any_free: Callable[[], int]) -> Ports:
    """Choose all ports. `claim` takes one if it is free; `any_free` proposes one. Raises Unavailable."""

    def choose_one(name: str) -> int:
        wishes = [port for port in (remembered.get(name), PREFERRED[name]) if port]
        for port in wishes + [0] * ATTEMPTS:
            candidate = port or any_free()
            if claim(candidate):
                return candidate
        raise Unavailable("No TCP port is free on this machine: another program holds them all. End it and try again.")

    return Ports(**{name: choose_one(name) for name in PREFERRED})


class Claims:
    """The ports that this launcher holds against other launchers, for as long as it lives."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._held: list[socket.socket] = []

    def claim(self, port: int) -> bool:
        """Take a port unless another launcher holds it or another program listens on it."""
        token = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            token.bind(f"\0matinee/port/{port}")
            with socket.socket() as trial:
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                trial.bind((self._host, port))
                trial.listen()
        except OSError as error:
            token.close()
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
        self._held.append(token)
        return True

    def any_free(self) -> int:
        """Let the kernel propose a port."""
        with socket.socket() as trial:
            trial.bind((self._host, 0))
            return int(trial.getsockname()[1])


def settle(path: Path, host: str) -> tuple[Ports, Claims]:
    """Choose the ports of a system that listens on `host`, and remember them in `path`. Keep the claims while it runs.

    Raises Unavailable if the address is not one of this machine.
    """
    claims = Claims(host)
    try:
        ports = choose(_remembered(path), claims.claim, claims.any_free)
    except OSError as error:
        raise Unavailable(
            f"This machine cannot listen on {host}: {error.strerror}. Give one of its own addresses."
        ) from error
    write_atomically(path, json.dumps({name: getattr(ports, name) for name in PREFERRED}))
    return ports, claims


def _remembered(path: Path) -> dict[str, int]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return (
        {name: stored[name] for name in PREFERRED if isinstance(stored.get(name), int)}
        if isinstance(stored, dict)
        else {}
    )
