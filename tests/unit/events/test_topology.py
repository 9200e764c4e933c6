from __future__ import annotations

from typing import Any

from server.events import topology


class RecordingChannel:
    """Notes what is declared, in order, and refuses bindings to what does not exist yet."""

    def __init__(self) -> None:
        self.exchanges: dict[str, str] = {}
        self.queues: dict[str, dict[str, Any]] = {}
        self.bindings: set[tuple[str, str, str]] = set()

    def exchange_declare(self, name: str, kind: str, *, durable: bool) -> None:
        assert durable
        self.exchanges[name] = kind

    def queue_declare(self, name: str, *, durable: bool, arguments: dict[str, Any]) -> None:
        assert durable
        self.queues[name] = arguments

    def queue_bind(self, queue: str, exchange: str, routing_key: str) -> None:
        assert queue in self.queues
        assert exchange in self.exchanges
        self.bindings.add((exchange, routing_key, queue))


def declared() -> RecordingChannel:
    channel = RecordingChannel()
    topology.declare(channel)
    return channel


def test_every_consumer_has_a_queue_and_a_queue_of_dead_letters() -> None:
    assert set(declared().queues) == {
        name for consumer in topology.CONSUMERS for name in (f"matinee.{consumer}", f"matinee.{consumer}.dead")
    }


def test_dead_letters_find_their_queue() -> None:
    channel = declared()
    for consumer in topology.CONSUMERS:
        arguments = channel.queues[f"matinee.{consumer}"]
        exchange, key = arguments["x-dead-letter-exchange"], arguments["x-dead-letter-routing-key"]
        assert channel.exchanges[exchange] == "direct"
        assert (exchange, key, f"matinee.{consumer}.dead") in channel.bindings


def test_no_queue_relies_on_a_default_that_differs_between_versions_of_the_broker() -> None:
    for arguments in declared().queues.values():
        assert arguments["x-queue-type"] == "quorum"
        assert {"x-max-length", "x-overflow"} <= set(arguments)
    assert topology.queue_arguments("live")["x-delivery-limit"] == 10


def test_at_least_once_dead_letters_come_with_the_overflow_that_they_need() -> None:
    arguments = topology.queue_arguments("live")
    assert (arguments["x-dead-letter-strategy"], arguments["x-overflow"]) == ("at-least-once", "reject-publish")
