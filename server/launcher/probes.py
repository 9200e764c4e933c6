"""Questions that tell whether a server is ready; each answers within a fraction of a second, and never raises."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

TIMEOUT_SECONDS = 0.2

Probe = Callable[[int], bool]


def answers_unix(path: Path, question: bytes, answer: bytes) -> Probe:
    """Ask over a unix socket; ready when the reply begins with `answer`."""
    return lambda _pid: _ask(socket.AF_UNIX, str(path), question, answer)


def answers_tcp(address: tuple[str, int], question: bytes = b"", answer: bytes = b"") -> Probe:
    """Ask over TCP; ready when the reply begins with `answer` (empty: when the connection is accepted)."""
    return lambda _pid: _ask(socket.AF_INET, address, question, answer)


def _ask(family: int, address: str | tuple[str, int], question: bytes, answer: bytes) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(TIMEOUT_SECONDS)
            connection.connect(address)
            connection.sendall(question)
            reply = b""
            while len(reply) < len(answer) and (more := connection.recv(len(answer) - len(reply))):
                reply += more
            return reply == answer
    except OSError:
        return False
