"""An event that a consumer cannot handle stands in nobody's way, and is kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pika
import pytest
from pika.adapters.blocking_connection import BlockingChannel

from server.domain.event import Event
from server.domain.ids import new_id
from server.events import topology
from server.events.publish import Publisher
from server.events.subscribe import consume
from server.launcher import rabbitmq
from tests.integration.events.hub import Hub, until


class Seen(BaseException):
    """Ends the consumer, which otherwise runs for ever."""


@pytest.fixture
def broker(hub: Hub) -> Iterator[BlockingChannel]:
    settings = hub.system.settings.rabbitmq
    password = rabbitmq.password_file(hub.system.home).read_text(encoding="utf-8").strip()
    credentials = pika.PlainCredentials(settings.user, password)
    parameters = pika.ConnectionParameters(settings.host, settings.port, credentials=credentials)
    with pika.BlockingConnection(parameters) as connection:
        yield connection.channel()


@pytest.fixture
def consumer(broker: BlockingChannel, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A consumer of this test's own event type, whose queues are gone afterwards."""
    name = f"test-{new_id()}"
    monkeypatch.setitem(topology.CONSUMERS, name, (f"{name}.#",))
    yield name
    broker.queue_delete(topology.queue_name(name))
    broker.queue_delete(topology.dead_queue_name(name))


def event(number: int, consumer: str) -> Event:
    now = datetime.now(UTC)
    return Event(new_id(), None, f"{consumer}.happened", "videos/none", now, {"n": number}, None)


def test_what_cannot_be_handled_becomes_a_dead_letter_and_the_rest_goes_on(
    hub: Hub, broker: BlockingChannel, consumer: str
) -> None:
    handled: list[int] = []

    def handle(body: bytes) -> None:
        number = json.loads(body)["data"]["n"]
        if number == 3:
            raise Seen
        if number == 2:
            raise ValueError("This consumer knows no 2.")
        handled.append(number)

    events = [event(number, consumer) for number in (1, 2, 3)]
    with Publisher(hub.system.settings.rabbitmq) as publisher:
        assert publisher.publish(events) == [each.id for each in events]
    with pytest.raises(Seen):
        consume(hub.system.settings.rabbitmq, consumer, handle)
    assert handled == [1]

    letters: list[bytes] = []

    def letter_came() -> bool:
        method, _, body = broker.basic_get(topology.dead_queue_name(consumer), auto_ack=True)
        if method is not None:
            letters.append(body)
        return bool(letters)

    until(letter_came, "a dead letter came")
    assert letters == [events[1].to_json()]


def test_messages_carry_what_tools_and_consumers_look_for(hub: Hub, broker: BlockingChannel, consumer: str) -> None:
    sent = event(1, consumer)
    with Publisher(hub.system.settings.rabbitmq) as publisher:
        publisher.publish([sent])
    _, properties, body = broker.basic_get(topology.queue_name(consumer), auto_ack=True)
    assert (properties.content_type, properties.message_id, properties.type, properties.delivery_mode) == (
        "application/cloudevents+json",
        sent.id,
        sent.type,
        2,
    )
    assert body == sent.to_json()


def test_an_event_that_no_queue_wants_is_not_confirmed(hub: Hub) -> None:
    unwanted = event(1, "nobody")
    with Publisher(hub.system.settings.rabbitmq) as publisher, pytest.MonkeyPatch.context() as patch:
        patch.setattr("server.events.publish.EVENTS", topology.DEAD)
        assert publisher.publish([unwanted]) == []
