"""Which messages of a batch the broker has taken: publisher confirms, matched without waiting for each.

Source: RabbitMQ manual, "Consumer Acknowledgements and Publisher Confirms".
"""

from __future__ import annotations

from collections.abc import Sequence


class Confirms:
    """Counts down one batch of messages, sent under consecutive delivery tags beginning with `first_tag`."""

    def __init__(self, ids: Sequence[str], first_tag: int) -> None:
        self._waiting = dict(enumerate(ids, first_tag))
        self._returned: set[str] = set()
        self.confirmed: list[str] = []
        self.refused: list[str] = []

    @property
    def complete(self) -> bool:
        """Say whether the broker has answered for every message."""
        return not self._waiting

    def acknowledge(self, tag: int, multiple: bool) -> None:
        """Note an ack. A message that came back before it reached no queue, so it does not count as confirmed."""
        for message_id in self._take(tag, multiple):
            (self.refused if message_id in self._returned else self.confirmed).append(message_id)

    def refuse(self, tag: int, multiple: bool) -> None:
        """Note a nack: a queue is full or could not write."""
        self.refused += self._take(tag, multiple)

    def give_back(self, message_id: str) -> None:
        """Note a return: no queue wants the message. The broker sends its ack all the same, afterwards."""
        self._returned.add(message_id)

    def _take(self, tag: int, multiple: bool) -> list[str]:
        tags = [waiting for waiting in self._waiting if waiting <= tag] if multiple else [tag]
        return [self._waiting.pop(taken) for taken in tags if taken in self._waiting]
