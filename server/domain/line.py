"""The line in front of the workers: how many pieces are ahead of a film, and how long it will take.

People take turns (`server.store.tasks.claim`), so what one person has waiting holds up another only as far as the other
has work of their own. Everything here is arithmetic on one snapshot of the open tasks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holding:
    """The open tasks of one film on one queue at one priority. `cost` is what is left of the essential ones."""

    queue: str
    owner_id: str
    video_id: str
    priority: int
    queued: int
    running: int
    cost: float


@dataclass(frozen=True, slots=True)
class Ticket:
    """A waiting task's place in its owner's own line: `before` tasks of the same priority are done before it."""

    queue: str
    owner_id: str
    priority: int
    before: int


class Line:
    """A snapshot of all open tasks; `speed` is cost per second of all workers together, None while unknown."""

    def __init__(self, holdings: Iterable[Holding], speed: float | None) -> None:
        self._speed = speed
        self._waiting: dict[tuple[str, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self._running: dict[tuple[str, str], int] = defaultdict(int)
        self._working: set[str] = set()
        self._cost: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for one in holdings:
            self._waiting[one.queue, one.priority][one.owner_id] += one.queued
            self._running[one.queue, one.owner_id] += one.running
            self._cost[one.owner_id][one.video_id] += one.cost
            if one.running:
                self._working.add(one.video_id)

    def working_on(self, video_id: str) -> bool:
        """Say whether some worker has a task of the film at this moment."""
        return video_id in self._working

    def ahead(self, ticket: Ticket) -> int:
        """Return how many waiting tasks will be begun before this one, if nothing is added.

        All of a higher priority; of the same one those before it in its owner's line, and as many of every other
        person, who has one turn more if fewer or equally many of their tasks are running.
        """
        count = ticket.before
        for (queue, priority), people in self._waiting.items():
            if queue == ticket.queue and priority > ticket.priority:
                count += sum(people.values())
            elif queue == ticket.queue and priority == ticket.priority:
                count += sum(self._turns(ticket, owner, waiting) for owner, waiting in people.items())
        return count

    def seconds(self, owner_id: str, video_id: str) -> float | None:
        """Return about how long the film still takes, None while the speed is unknown.

        Equal sharing between people, and of a person's share between their films: whoever has less work left than
        this film is done before it, whoever has more takes as much as it does.
        """
        if not self._speed:
            return None
        films = self._cost[owner_id]
        own = films[video_id]
        mine = own + sum(min(cost, own) for other, cost in films.items() if other != video_id)
        others = (sum(films.values()) for owner, films in self._cost.items() if owner != owner_id)
        return (mine + sum(min(cost, mine) for cost in others)) / self._speed

    def _turns(self, ticket: Ticket, owner_id: str, waiting: int) -> int:
        if owner_id == ticket.owner_id:
            return 0  # they are counted by `before`
        first = self._running[ticket.queue, owner_id] <= self._running[ticket.queue, ticket.owner_id]
        return min(waiting, ticket.before + first)
