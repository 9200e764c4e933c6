"""One connected client: first what it missed, then what happens, until one side leaves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from simple_websocket import Server

from server.errors import Forbidden, Unauthenticated, Unavailable
from server.services.activity import Activity
from server.web.sockets import frames
from server.web.sockets.feed import PAGE, Feed, Message
from server.web.sockets.sender import POLICY_VIOLATION, TRY_AGAIN_LATER, Farewell, Sender

PING_SECONDS = 25.0
CHECK_SECONDS = 30.0
TRUST_SECONDS = 60.0  # without a successful check, when the parts needed for it do not answer

GOING_AWAY = 1001


class Client:
    """A listener of the feed. `videos` limits it to events about those ids; empty means all."""

    __slots__ = ("_activity", "_feed", "_now", "_sender", "_subjects", "position")

    def __init__(
        self,
        sender: Sender,
        feed: Feed,
        activity: Activity,
        videos: frozenset[str],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now = now
        self._sender = sender
        self._feed = feed
        self._activity = activity
        self._subjects = frozenset(f"videos/{video}" for video in videos)
        self.position = 0

    def serve(self, websocket: Server, after: int | None, check: Callable[[], object]) -> None:
        """Serve the connection to its end; `check` raises Unauthenticated or Forbidden for who may not listen now."""
        try:
            self._sender.flush()
            self._resume(after)
            self._follow(websocket, check)
        except Unavailable:
            self._sender.end(Farewell(TRY_AGAIN_LATER, "A part of the server does not answer; connect again later."))
        except OSError:
            return
        finally:
            self._feed.leave(self)
        self._finish()

    def take(self, message: Message) -> None:
        """Queue an event that follows what the client has."""
        if message.position > self.position:
            self.position = message.position
            if self._wants(message):
                self._sender.put(message.frame)

    def dismiss(self) -> None:
        """Close the connection soon."""
        self._sender.end(Farewell(GOING_AWAY, "The server restarts; connect again."))

    def _resume(self, after: int | None) -> None:
        """Greet, and write stored events until the client has all that the feed has passed on. Raises Unavailable."""
        self.position = (self._feed.position or 0) if after is None else min(after, self._activity.newest_position())
        self._sender.write(frames.text(json.dumps({"type": "hello", "position": self.position}).encode()))
        # Nothing else runs between the last look at the feed's position and joining it, so nothing can slip through.
        while not self._feed.join(self):
            reached = self._feed.position
            page = self._activity.after(self.position, PAGE)
            messages = [Message.of(event) for event in page]
            self._sender.write(b"".join(message.frame for message in messages if self._wants(message)))
            self.position = messages[-1].position if messages else max(self.position, reached or 0)

    def _follow(self, websocket: Server, check: Callable[[], object]) -> None:
        checked_at = self._now()
        ping_at, check_at = checked_at + PING_SECONDS, checked_at + CHECK_SECONDS
        while not self._sender.gone and self._sender.farewell is None:
            now = self._now()
            if now >= ping_at:
                self._ping(websocket)
                ping_at = now + PING_SECONDS
            if now >= check_at:
                checked_at = now if self._passes(check) else checked_at
                check_at = now + CHECK_SECONDS
                if now - checked_at >= TRUST_SECONDS:
                    raise Unavailable("Nobody can tell whether the person may still listen.")
            self._sender.flush()
            self._sender.wait(min(ping_at, check_at) - now)

    def _ping(self, websocket: Server) -> None:
        if not websocket.pong_received:
            self._sender.end(Farewell(POLICY_VIOLATION, "No answer to a ping."))
            return
        websocket.pong_received = False
        websocket.input_buffer.clear()  # nothing that a client says is read
        self._sender.begin_interval()
        self._sender.put(frames.PING)

    def _passes(self, check: Callable[[], object]) -> bool:
        """Say whether the person was recognised again; end the connection of somebody who may not listen any more."""
        try:
            check()
        except Unavailable:
            return False
        except (Unauthenticated, Forbidden):
            self._sender.end(Farewell(POLICY_VIOLATION, "The session is over; sign in again."))
        return True

    def _finish(self) -> None:
        try:
            if self._sender.farewell is None or self._sender.gone:
                self._sender.flush()
            else:
                self._sender.finish(self._sender.farewell)
        except OSError:
            return

    def _wants(self, message: Message) -> bool:
        return not self._subjects or message.subject in self._subjects
