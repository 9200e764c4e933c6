"""Consuming: one event at a time, acknowledged after it was handled, given up into the dead letters.

An event may come more than once. A handler whose effect is kept notes the event in the inbox
(`server.store.events.remember`) in the transaction of that effect.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from queue import SimpleQueue
from typing import Any, NoReturn

import pika
from pika.channel import Channel
from pika.spec import Basic

from server.domain.backoff import Backoff
from server.errors import MatineeError, Unavailable
from server.events.link import Link
from server.events.topology import queue_name
from server.settings import RabbitMQ

PREFETCH = 100
ATTEMPTS = 3  # with an event that the handler cannot take
PATIENCE_SECONDS = 300.0  # with a service that the handler needs; well below the broker's own limit of 30 minutes

_log = logging.getLogger(__name__)

Handler = Callable[[bytes], None]


def consume(settings: RabbitMQ, consumer: str, handle: Handler) -> NoReturn:
    """Pass every event of the queue of `consumer` to `handle` in order, and connect again whenever the broker is lost.

    `handle` gets the CloudEvents JSON. An Unavailable from it is tried again for five minutes, any other error three
    times; then the event becomes a dead letter.
    """
    backoff = Backoff()
    while True:
        try:
            with closing(_Subscriber(settings, consumer)) as subscriber:
                subscriber.run(handle, backoff)
        except Unavailable as error:
            delay = backoff.next()
            _log.warning("%s Trying again in %.1f s.", error, delay)
            time.sleep(delay)


def attempt(handle: Handler, body: bytes, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Let `handle` have `body`, again with back-off where it fails; return whether it succeeded in the end."""
    backoff = Backoff()
    failures = 0
    waited = 0.0
    while True:
        try:
            handle(body)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises, the next event must get its turn
            failures += 1
            transient = isinstance(error, MatineeError) and not error.permanent
            if waited >= PATIENCE_SECONDS if transient else failures >= ATTEMPTS:
                _log.exception("An event could not be handled and becomes a dead letter.")
                return False
            _log.warning("An event could not be handled: %s", error)
        else:
            return True
        delay = backoff.next()
        waited += delay
        sleep(delay)


class _Subscriber:
    """A link for consuming; at most PREFETCH deliveries wait in memory for the one thread that handles them."""

    def __init__(self, settings: RabbitMQ, consumer: str) -> None:
        self._consumer = consumer
        self._deliveries: SimpleQueue[tuple[int, bytes] | Unavailable] = SimpleQueue()
        self._link = Link(settings, self._prepare, self._deliveries.put)
        self._channel: Channel

    def run(self, handle: Handler, backoff: Backoff) -> NoReturn:
        """Handle deliveries until the link is lost, which raises Unavailable."""
        self._link.open()
        while True:
            delivery = self._deliveries.get()
            if isinstance(delivery, Unavailable):
                raise delivery
            tag, body = delivery
            settle = self._acknowledge if attempt(handle, body) else self._reject
            self._link.call(lambda settle=settle, tag=tag: settle(tag))  # type: ignore[misc]  # mypy sees no defaults
            backoff.reset()

    def close(self) -> None:
        """Leave; the broker gives what was not acknowledged to the next connection."""
        self._link.close()

    def _prepare(self, channel: Channel, ready: Callable[..., None]) -> None:
        self._channel = channel
        channel.add_on_cancel_callback(self._on_cancel)
        channel.basic_qos(prefetch_count=PREFETCH)
        channel.basic_consume(queue_name(self._consumer), self._on_delivery, callback=ready)

    def _on_delivery(
        self, _channel: Channel, method: Basic.Deliver, _properties: pika.BasicProperties, body: bytes
    ) -> None:
        self._deliveries.put((method.delivery_tag, body))

    def _on_cancel(self, _frame: Any) -> None:
        self._deliveries.put(Unavailable("RabbitMQ has taken the queue away.", code="unavailable.broker"))

    def _acknowledge(self, tag: int) -> None:
        self._channel.basic_ack(tag)

    def _reject(self, tag: int) -> None:
        self._channel.basic_reject(tag, requeue=False)
