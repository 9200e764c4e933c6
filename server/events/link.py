"""One connection and one channel to RabbitMQ, served by a thread of their own.

So heartbeats go on whatever the program is busy with, and nothing blocks while confirms are on their way. A link is
used once: after it is lost, its owner opens the next one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any

import pika
from pika.channel import Channel

from server.errors import Unavailable
from server.events import topology
from server.settings import RabbitMQ

HEARTBEAT_SECONDS = 30
CLOSE_SECONDS = 1.0

# pika reports every failed attempt with a traceback of its own; the error that is raised here says it in one sentence.
logging.getLogger("pika").setLevel(logging.CRITICAL)

Prepare = Callable[[Channel, Callable[..., None]], None]


class Link:
    """A connection whose topology is declared.

    `prepare(channel, ready)` sets the channel up and passes `ready` as the callback of its last request; `on_lost` is
    told the error when an open link ends, also after `close`. Both run in the link's thread.
    """

    def __init__(self, settings: RabbitMQ, prepare: Prepare, on_lost: Callable[[Unavailable], None]) -> None:
        self._settings = settings
        self._prepare = prepare
        self._on_lost = on_lost
        self._error: Unavailable | None = None
        self._ready: Future[None] = Future()
        self._connection = pika.SelectConnection(_parameters(settings), self._on_connection, self._on_end, self._on_end)
        self._thread = Thread(target=self._run, name="rabbitmq", daemon=True)

    def open(self) -> None:
        """Connect, declare the topology and prepare the channel. Raises Unavailable."""
        self._thread.start()
        try:
            self._ready.result(self._settings.timeout_seconds)
        except TimeoutError:
            self.close()
            raise Unavailable("RabbitMQ did not answer in time.", code="unavailable.broker") from None

    def call(self, use: Callable[[], None]) -> None:
        """Run `use` in the link's thread, the only one that may touch the channel. Raises Unavailable if it is lost."""
        if self._error is not None:
            raise self._error
        self._connection.ioloop.add_callback_threadsafe(use)

    def close(self) -> None:
        """Leave; a broker that does not answer is left without a word."""
        if self._error is None:
            self._connection.ioloop.add_callback_threadsafe(self._say_goodbye)
        self._thread.join(2 * CLOSE_SECONDS)

    def _run(self) -> None:
        try:
            self._connection.ioloop.start()
        except Exception as error:  # noqa: BLE001  # whatever ended the thread, its owner must hear of it
            self._on_end(self._connection, error)
        finally:
            self._connection.ioloop.close()

    def _on_connection(self, connection: pika.SelectConnection) -> None:
        connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: Channel) -> None:
        channel.add_on_close_callback(self._on_end)
        topology.declare(channel)
        self._prepare(channel, self._on_ready)

    def _on_ready(self, _answer: Any) -> None:
        self._ready.set_result(None)

    def _on_end(self, _source: Any, reason: BaseException | str) -> None:
        """Note the first reason why the link ended, tell those who wait, and let the thread finish."""
        if self._error is None:
            self._error = Unavailable(f"RabbitMQ cannot be used: {_words(reason)}.", code="unavailable.broker")
            if self._ready.done():
                self._on_lost(self._error)
            else:
                self._ready.set_exception(self._error)
        self._say_goodbye()

    def _say_goodbye(self) -> None:
        if self._connection.is_open:
            self._connection.close()
            self._connection.ioloop.call_later(CLOSE_SECONDS, self._connection.ioloop.stop)
        elif not self._connection.is_closing:
            self._connection.ioloop.stop()


def _words(reason: BaseException | str) -> str:
    return str(reason).strip().rstrip(".") or type(reason).__name__


def _parameters(settings: RabbitMQ) -> pika.ConnectionParameters:
    password = settings.password_file.read_text(encoding="utf-8").strip() if settings.password_file else ""
    return pika.ConnectionParameters(
        host=settings.host,
        port=settings.port,
        virtual_host=settings.virtual_host,
        credentials=pika.PlainCredentials(settings.user, password, erase_on_connect=True),
        heartbeat=HEARTBEAT_SECONDS,
        blocked_connection_timeout=settings.timeout_seconds,
        socket_timeout=settings.timeout_seconds,
        stack_timeout=settings.timeout_seconds,
        client_properties={"product": "Matinee"},
    )
