"""A small HTTP server on a unix socket that stands where one of our processes would be, and remembers what it got."""

from __future__ import annotations

import socketserver
import threading
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler
from pathlib import Path

LATE = b"encoded at last"


@dataclass
class Received:
    """One request as it came through nginx; `body` grows while it is read."""

    method: str
    path: str
    headers: Message
    body: bytearray = field(default_factory=bytearray)


class Upstream:
    """Serves until `close`. With a `library` it answers /internal/waiting by writing the segment asked for."""

    def __init__(self, path: Path, library: Path | None = None) -> None:
        self.requests: list[Received] = []
        self.first_bytes = threading.Event()
        self.library = library
        outer = self

        class Handler(_Handler):
            upstream = outer

        self._server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def last(self) -> Received:
        """The newest request."""
        return self.requests[-1]

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    upstream: Upstream
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        received = self._receive()
        if self.path == "/internal/waiting":
            self._wait(received)
        elif self.path.startswith("/ws/"):
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.wfile.write(b"\x81\x05hello")
        else:
            self._answer(b"from upstream")

    do_HEAD = do_POST = do_PATCH = do_GET  # noqa: N815  # the names are the library's

    def _receive(self) -> Received:
        self.close_connection = True  # so that taking the socket away takes the server away
        received = Received(self.command, self.path, self.headers)
        self.upstream.requests.append(received)
        missing = int(self.headers.get("Content-Length", 0))
        while missing:
            chunk = self.rfile.read1(missing)
            received.body += chunk
            missing -= len(chunk)
            self.upstream.first_bytes.set()
        return received

    def _wait(self, received: Received) -> None:
        """Answer as the web does: no Content-Type, and the no-store that it puts on everything."""
        assert self.upstream.library is not None
        video, hls, rendition, file = received.headers["X-Original-URI"].removeprefix("/media/").split("/")
        if file == "99999.m4s":
            self.send_response(404)
            self.send_header("Content-Type", "application/problem+json")
            self.send_header("Cache-Control", "no-store")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")
            return
        segment = self.upstream.library / video / hls / rendition / file
        segment.parent.mkdir(parents=True, exist_ok=True)
        segment.write_bytes(LATE)
        self.send_response(200)
        self.send_header("X-Accel-Redirect", f"/files/{video}/{hls}/{rendition}/{file}")
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the signature is the library's
        """Stay silent."""
