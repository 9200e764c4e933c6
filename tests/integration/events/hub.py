"""What the tests do with the hub: let events happen, and follow them as a page does."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import Thread
from typing import Any, NoReturn

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync import client
from websockets.sync.client import ClientConnection

from server.container import Container
from server.domain.event import EventType, NewEvent
from server.domain.ids import new_id
from server.launcher.system import System
from server.store import events
from server.store.database import rows, transaction

DEADLINE_SECONDS = 60.0


class Hub:
    """Events about one video, `n` counting them in their data."""

    def __init__(self, system: System, container: Container) -> None:
        self.system = system
        self.container = container
        self.video = new_id()

    def append(self, number: int, padding: int = 0) -> None:
        """Write one event, inside the caller's transaction."""
        data = {"n": number, "padding": "x" * padding}
        events.append(NewEvent(EventType.VIDEO_CHANGED, f"videos/{self.video}", data))

    def happen(self, numbers: range, padding: int = 0) -> None:
        """Let events happen, each in a transaction of its own."""
        for number in numbers:
            with transaction():
                self.append(number, padding)

    @contextmanager
    def happening(self, numbers: range, padding: int = 0) -> Iterator[None]:
        """Let events happen beside the block, and wait for the last of them at its end."""
        writer = Thread(target=self.happen, args=(numbers, padding))
        writer.start()
        yield
        writer.join(DEADLINE_SECONDS)
        assert not writer.is_alive()

    @property
    def bearer(self) -> dict[str, str]:
        """The header that proves the local owner."""
        token = (self.system.home.state / "owner.token").read_text(encoding="utf-8").strip()
        return {"Authorization": f"Bearer {token}"}

    def connect(self, query: str = "", **options: Any) -> AbstractContextManager[ClientConnection]:
        """Connect through nginx, as pages do; with `headers` in place of the owner's token where given."""
        trust = ssl.create_default_context(cafile=str(self.system.home.state / "tls" / "ca.crt"))
        headers = options.pop("headers", self.bearer)
        address = self.system.address.replace("https:", "wss:", 1)
        uri = f"{address}/ws/events{query}"
        opened: AbstractContextManager[ClientConnection] = client.connect(
            uri, ssl=trust, additional_headers=headers, max_size=None, **options
        )
        return opened

    def connect_directly(self, query: str = "", **options: Any) -> AbstractContextManager[ClientConnection]:
        """Connect to the sockets process itself, without nginx's buffers between."""
        path = str(self.system.settings.paths.run / "sockets.sock")
        uri = f"ws://localhost/ws/events{query}"
        opened: AbstractContextManager[ClientConnection] = client.unix_connect(
            path, uri, additional_headers=self.bearer, max_size=None, **options
        )
        return opened

    def follow(self, after: int, count: int) -> list[dict[str, Any]]:
        """Follow this video from `after` until `count` events came, resuming whenever the connection is lost."""
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + DEADLINE_SECONDS
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} events came"
            position = found[-1]["sequence"] if found else after
            try:
                with self.connect(f"?after={position}&video={self.video}") as socket:
                    greet(socket)
                    while len(found) < count:
                        found.append(receive(socket))
            except (ConnectionClosed, InvalidStatus, OSError):
                time.sleep(0.1)
        return found


def greet(socket: ClientConnection) -> int:
    """Receive the greeting and return its position."""
    hello = receive(socket)
    assert hello["type"] == "hello"
    return int(hello["position"])


def receive(socket: ClientConnection) -> dict[str, Any]:
    """Receive one text frame."""
    found: dict[str, Any] = json.loads(socket.recv(timeout=DEADLINE_SECONDS))
    return found


def exhaust(socket: ClientConnection, found: list[dict[str, Any]]) -> NoReturn:
    """Add to `found` whatever comes until the connection is closed, which raises ConnectionClosed."""
    while True:
        found.append(receive(socket))


def numbers(found: list[dict[str, Any]]) -> list[int]:
    """Return the `n` of events, having checked that their positions rise."""
    positions = [each["sequence"] for each in found]
    assert positions == sorted(set(positions))
    return [each["data"]["n"] for each in found]


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition, which `what` names if it does not come true in time."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"did not come true: {what}"
        time.sleep(0.05)


def ask(sql: str) -> list[dict[str, Any]]:
    """Return the rows of a query."""
    with transaction():
        return rows(sql)
