"""Publishing with pipelined confirms: a whole batch is sent at once, then its answers are collected.

Messages are CloudEvents in structured mode, persistent and mandatory; the routing key is the event's type.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

import pika
from pika.channel import Channel
from pika.spec import Basic

from server.domain.event import CONTENT_TYPE, Event
from server.errors import Unavailable
from server.events.confirms import Confirms
from server.events.link import Link
from server.events.topology import EVENTS
from server.settings import RabbitMQ

_log = logging.getLogger(__name__)


class Publisher:
    """A link for publishing. Entering it connects and raises Unavailable if that fails."""

    def __init__(self, settings: RabbitMQ) -> None:
        self._timeout = settings.timeout_seconds
        self._link = Link(settings, self._prepare, self._on_lost)
        self._channel: Channel
        self._next_tag = 1
        self._confirms = Confirms((), self._next_tag)
        self._answered: Future[None] = Future()

    def __enter__(self) -> Self:
        self._link.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._link.close()

    def publish(self, events: Sequence[Event]) -> list[str]:
        """Send `events` in their order and return the ids that the broker confirmed.

        The reason why others were not is logged: the broker refused them, had no queue for them, went away, or did not
        answer in time. Raises Unavailable if the link was lost before.
        """
        self._answered = Future()
        self._confirms = confirms = Confirms([event.id for event in events], self._next_tag)
        self._next_tag += len(events)
        self._link.call(lambda: self._send(events))
        try:
            self._answered.result(self._timeout)
        except TimeoutError:
            _log.warning("RabbitMQ did not confirm in time.")
        except Unavailable as error:
            _log.warning("%s", error)
        if confirms.refused:
            _log.error("RabbitMQ refused these events, which stay in the outbox: %s", " ".join(confirms.refused))
        return list(confirms.confirmed)

    def _prepare(self, channel: Channel, ready: Callable[..., None]) -> None:
        self._channel = channel
        channel.add_on_return_callback(self._on_return)
        channel.confirm_delivery(self._on_answer, ready)

    def _send(self, events: Sequence[Event]) -> None:
        for event in events:
            self._channel.basic_publish(EVENTS, event.type, event.to_json(), _properties(event), mandatory=True)

    def _on_answer(self, frame: Any) -> None:
        answer = frame.method
        note = self._confirms.acknowledge if isinstance(answer, Basic.Ack) else self._confirms.refuse
        note(answer.delivery_tag, answer.multiple)
        if self._confirms.complete and not self._answered.done():
            self._answered.set_result(None)

    def _on_return(
        self, _channel: Channel, method: Basic.Return, properties: pika.BasicProperties, _body: bytes
    ) -> None:
        _log.error("No queue takes event %s (%s): %s.", properties.message_id, method.routing_key, method.reply_text)
        self._confirms.give_back(str(properties.message_id))

    def _on_lost(self, error: Unavailable) -> None:
        if not self._answered.done():
            self._answered.set_exception(error)


def _properties(event: Event) -> pika.BasicProperties:
    """Mirror the attributes that brokers and their tools show."""
    return pika.BasicProperties(
        content_type=CONTENT_TYPE,
        delivery_mode=pika.DeliveryMode.Persistent.value,
        message_id=event.id,
        timestamp=int(event.time.timestamp()),
        type=event.type,
        app_id="matinee",
        headers={"traceparent": event.traceparent} if event.traceparent else None,
    )
