"""What a test knows of the running site, and how it asks: raw requests, because clients tidy paths up."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

from server.keystore import tickets
from tests.integration.nginx.upstream import Upstream

VIDEO = "7hKq2mXw9RtZ"


@dataclass(frozen=True)
class Answer:
    """One response, read whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of a header that must not come twice."""
        values = self.headers.get_all(name, [])
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None


@dataclass(frozen=True)
class Running:
    """The site under test."""

    root: Path
    port: int
    ca: Path
    key: bytes
    web: Upstream
    live: Upstream

    def connect(self, name: str = "localhost") -> ssl.SSLSocket:
        """Open a verified TLS connection."""
        context = ssl.create_default_context(cafile=str(self.ca))
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        return context.wrap_socket(plain, server_hostname=name)

    def ask(self, path: str, method: str = "GET", host: str = "localhost", body: str = "", **headers: str) -> Answer:
        """Send exactly `path`; in the names of `headers`, `_` stands for a dash."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {host}:{self.port}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        with self.connect() as stream:
            stream.sendall("\r\n".join([*lines, "", body]).encode("latin-1"))
            return read(stream, method)

    def play(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Ask with a good ticket."""
        return self.ask(path, method, Cookie=self.ticket(), **headers)

    def ticket(self) -> str:
        """Return a Cookie header with a good ticket between other cookies."""
        ticket = tickets.sign(self.key, int(time.time()) + 60)
        return f"__Host-matinee=abc; {tickets.COOKIE}={ticket}; theme=dark"


def read(stream: ssl.SSLSocket, method: str = "GET") -> Answer:
    """Read one response to its end."""
    response = http.client.HTTPResponse(stream, method=method)
    response.begin()
    return Answer(response.status, response.headers, response.read())
