"""The writing side of one connection: a bounded queue of whole frames, and one greenlet that writes them.

simple-websocket writes with `send`, which may write a part and so break the stream for a slow client, and from several
greenlets at once. It therefore gets a Sender in place of the socket: what it wants to say joins the queue.
"""

from __future__ import annotations

from dataclasses import dataclass

import gevent
from gevent.event import Event
from gevent.socket import socket

from server.web.sockets import frames

MAX_WAITING = 256  # frames
WRITE_SECONDS = 30.0
GOODBYE_SECONDS = 1.0
MAX_RECEIVED = 4096  # bytes between two pings; a client only ever answers those

POLICY_VIOLATION = 1008
TRY_AGAIN_LATER = 1013


@dataclass(frozen=True, slots=True)
class Farewell:
    """Why the server closes a connection: a code of RFC 6455, section 7.4, and a sentence in ASCII."""

    code: int
    reason: str


class Sender:
    """Frames on their way to one client. Only the greenlet that owns it may call `flush`, `write` and `finish`."""

    __slots__ = ("_connection", "_frames", "_news", "_received", "farewell", "gone")

    def __init__(self, connection: socket) -> None:
        self._connection = connection
        self._frames: list[bytes] = []
        self._news = Event()
        self._received = 0
        self.gone = False  # the client has left
        self.farewell: Farewell | None = None  # the server wants to leave

    def put(self, frame: bytes) -> None:
        """Queue a frame without waiting; a client that is too far behind is dropped, for the sake of the others."""
        if len(self._frames) >= MAX_WAITING:
            self.end(Farewell(TRY_AGAIN_LATER, "Too slow: events came faster than they were read."))
        elif self.farewell is None:
            self._frames.append(frame)
            self._news.set()

    def end(self, farewell: Farewell) -> None:
        """Ask the owner to close the connection; what still waits is not sent."""
        if self.farewell is None:
            self.farewell = farewell
            self._frames.clear()
            self._news.set()

    def wait(self, seconds: float) -> None:
        """Return when there is something to do, or after `seconds`."""
        self._news.wait(max(0.0, seconds))
        self._news.clear()

    def flush(self) -> None:
        """Write what is queued. Raises OSError as `write` does."""
        if self._frames:
            queued = b"".join(self._frames)
            self._frames.clear()
            self.write(queued)

    def write(self, whole_frames: bytes) -> None:
        """Write all bytes. Raises OSError if the client has left or takes nothing for half a minute."""
        with gevent.Timeout(WRITE_SECONDS, TimeoutError("The client does not read.")):
            self._connection.sendall(whole_frames)

    def finish(self, farewell: Farewell) -> None:
        """Say why, and wait a moment for the client's answer, so that the reason reaches it. Raises OSError."""
        self.write(frames.close(farewell.code, farewell.reason))
        with gevent.Timeout(GOODBYE_SECONDS, False):
            while not self.gone:
                self.wait(GOODBYE_SECONDS)

    def begin_interval(self) -> None:
        """Allow the client to say as much again; called with every ping."""
        self._received = 0

    # The rest is what simple-websocket uses of a socket.

    def recv(self, size: int) -> bytes:
        """Read what the client says. Raises OSError if it talks more than there is to say."""
        received: bytes = self._connection.recv(size)
        self._received += len(received)
        if self._received > MAX_RECEIVED:
            self.end(Farewell(POLICY_VIOLATION, "Too much was sent here; this connection only tells."))
            # Bytes left unread would turn the close into a reset, and the reason would be lost.
            while self._connection.recv(size):
                gevent.sleep()
            raise ConnectionAbortedError("The client talked too much.")
        return received

    def send(self, frame: bytes) -> int:
        """Queue an answer to the client: to its handshake, its ping, or its close."""
        self.put(frame)
        return len(frame)

    def close(self) -> None:
        """Note that nothing more will be read. The server closes the socket itself."""
        self.gone = True
        self._news.set()
