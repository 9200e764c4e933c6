"""What the tests of the sockets share: stored events, and a listener that notes what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from server.domain.event import Event
from server.errors import Unavailable
from server.web.sockets.feed import Message


def event(position: int, video: str = "alpha") -> Event:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return Event(f"id{position}", position, "video.changed", f"videos/{video}", moment, {"n": position}, None)


@dataclass
class Outbox:
    """Stored events by position, as `Activity` offers them."""

    events: list[Event] = field(default_factory=list)
    reachable: bool = True

    def after(self, position: int, limit: int) -> list[Event]:
        if not self.reachable:
            raise Unavailable("The database is away.")
        return [each for each in self.events if (each.position or 0) > position][:limit]

    def newest_position(self) -> int:
        if not self.reachable:
            raise Unavailable("The database is away.")
        return max((each.position or 0 for each in self.events), default=0)


@dataclass
class Notes:
    """A listener of the feed."""

    position: int = 0
    told: list[int] = field(default_factory=list)
    dismissed: bool = False

    __hash__ = object.__hash__

    def take(self, message: Message) -> None:
        self.position = message.position
        self.told.append(message.position)

    def dismiss(self) -> None:
        self.dismissed = True
