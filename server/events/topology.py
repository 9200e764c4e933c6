"""Exchanges and queues, declared on every connect: the broker's data folder may be deleted at any time.

    relay -> matinee.events (topic) -> matinee.<consumer> -> consumer
                                            | rejected, or delivered too often
                                            v
                        matinee.dead (direct) -> matinee.<consumer>.dead

There is no alternate exchange on purpose: a message that it takes counts as routed, so the broker would confirm an
event that no consumer gets. Without one, a mandatory message that no queue takes is returned to the relay.

Every argument is explicit, because defaults differ between RabbitMQ 3.10 and 4.x.
Source: RabbitMQ manual, "Quorum Queues", "Dead Letter Exchanges".
"""

from __future__ import annotations

from typing import Any

from pika.channel import Channel

EVENTS = "matinee.events"
DEAD = "matinee.dead"

# Consumers by name, with the event types (topic patterns) that each one gets.
CONSUMERS: dict[str, tuple[str, ...]] = {"live": ("#",)}

MAX_MESSAGES = 100_000
MAX_DEAD_MESSAGES = 10_000
MAX_DELIVERIES = 10


def queue_name(consumer: str) -> str:
    """Return the name of a consumer's queue."""
    return f"matinee.{consumer}"


def dead_queue_name(consumer: str) -> str:
    """Return the name of the queue that keeps what a consumer could not handle."""
    return f"matinee.{consumer}.dead"


def queue_arguments(consumer: str) -> dict[str, Any]:
    """Return the arguments of a consumer's queue: a full one refuses, so that events wait in the outbox."""
    return {
        "x-queue-type": "quorum",
        "x-max-length": MAX_MESSAGES,
        "x-overflow": "reject-publish",
        "x-delivery-limit": MAX_DELIVERIES,
        "x-dead-letter-exchange": DEAD,
        "x-dead-letter-routing-key": dead_queue_name(consumer),
        "x-dead-letter-strategy": "at-least-once",
    }


def dead_queue_arguments() -> dict[str, Any]:
    """Return the arguments of a queue of dead letters: a full one drops its oldest, which PostgreSQL still has."""
    return {"x-queue-type": "quorum", "x-max-length": MAX_DEAD_MESSAGES, "x-overflow": "drop-head"}


def declare(channel: Channel) -> None:
    """Send all declarations without waiting; a refused one closes the channel, and the next answer comes after all."""
    channel.exchange_declare(EVENTS, "topic", durable=True)
    channel.exchange_declare(DEAD, "direct", durable=True)
    for consumer, types in CONSUMERS.items():
        dead = dead_queue_name(consumer)
        channel.queue_declare(dead, durable=True, arguments=dead_queue_arguments())
        channel.queue_bind(dead, DEAD, routing_key=dead)
        queue = queue_name(consumer)
        channel.queue_declare(queue, durable=True, arguments=queue_arguments(consumer))
        for pattern in types:
            channel.queue_bind(queue, EVENTS, routing_key=pattern)
