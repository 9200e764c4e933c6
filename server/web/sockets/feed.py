"""Every event once and in order, for all clients of this process, from a source that may lose some.

Redis brings events at once; each carries its position. Where positions jump, or where something may have been lost
without a trace, the feed reads what follows its own position from PostgreSQL before it goes on.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import gevent

from server.domain.event import Event
from server.errors import Invalid, Unavailable
from server.web.sockets import frames

PAGE = 500
BURST = 64  # events after which writers get their turn; well below the frames that may wait for a client

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """An event as clients get it: its position, what it is about, and its frame, which all of them share."""

    position: int
    subject: str
    frame: bytes

    @classmethod
    def of(cls, event: Event) -> Message:
        """Encode a stored event."""
        return cls(event.position or 0, event.subject, frames.text(event.to_json()))

    @classmethod
    def received(cls, payload: bytes) -> Message:
        """Read a CloudEvents JSON object. Raises Invalid if it is none."""
        try:
            event = json.loads(payload)
            return cls(int(event["sequence"]), str(event["subject"]), frames.text(payload))
        except (ValueError, TypeError, KeyError) as error:
            raise Invalid(f"This is no event: {payload[:80]!r}", code="invalid.event") from error


class Listener(Protocol):
    """A client, as the feed sees it: it has every event up to `position`."""

    position: int

    def take(self, message: Message) -> None:
        """Accept the next event without waiting."""

    def dismiss(self) -> None:
        """Prepare to leave, since the process is about to end."""


class Feed:
    """The stream of one process. `position` is that of the last event passed on; None until the first connection."""

    def __init__(
        self,
        listen: Callable[[], Iterator[bytes | None]],
        after: Callable[[int, int], list[Event]],
        newest_position: Callable[[], int],
        yield_turn: Callable[[], None] = gevent.sleep,
    ) -> None:
        """Take `Broadcast.listen`, `Activity.after`, `Activity.newest_position`, and how to let others run."""
        self._listen = listen
        self._after = after
        self._newest_position = newest_position
        self._yield_turn = yield_turn
        self._listeners: set[Listener] = set()
        self._passed_on = 0
        self.position: int | None = None

    @property
    def followers(self) -> int:
        """How many clients follow."""
        return len(self._listeners)

    def run(self) -> None:
        """Pass events on, without end."""
        for payload in self._listen():
            try:
                self.take(payload)
            except Unavailable as error:
                _log.warning("Events wait until the database answers: %s", error)
            except Invalid as error:
                _log.error("A message of the broadcast was ignored: %s", error)

    def take(self, payload: bytes | None) -> None:
        """Pass on one message of Redis with whatever it shows to be missing; None means that anything may be.

        Raises Unavailable if PostgreSQL is needed and does not answer: the position stays, so the next call fills up.
        """
        if self.position is None:
            self.position = self._newest_position()
        if payload is None:
            self._catch_up()
            return
        message = Message.received(payload)
        if message.position > self.position + 1:
            self._catch_up()
        if message.position > self.position:
            self._pass_on(message)

    def join(self, listener: Listener) -> bool:
        """Let `listener` follow if it has everything up to now; False if it must read on first."""
        if self.position is None or listener.position < self.position:
            return False
        self._listeners.add(listener)
        return True

    def leave(self, listener: Listener) -> None:
        """Stop telling `listener`."""
        self._listeners.discard(listener)

    def dismiss(self) -> None:
        """Tell all clients that the process is about to end."""
        for listener in self._listeners:
            listener.dismiss()

    def _catch_up(self) -> None:
        full = True
        while full:
            page = self._after(self.position or 0, PAGE)
            for event in page:
                self._pass_on(Message.of(event))
            full = len(page) == PAGE

    def _pass_on(self, message: Message) -> None:
        self.position = message.position
        for listener in self._listeners:
            listener.take(message)
        self._passed_on += 1
        if self._passed_on % BURST == 0:
            self._yield_turn()
