"""Tasks: who works on what, and what becomes of work that was lost."""

from __future__ import annotations

import logging
from collections.abc import Collection

from server import settings
from server.domain.task import QUEUE_OF, Priority, Queue, Task, TaskKind
from server.queue.doorbell import Doorbell
from server.store import claims, tasks, workers
from server.store.database import transaction

_log = logging.getLogger(__name__)


class Tasks:
    """Claims and leases for workers; the sweep for everything that they left behind."""

    def __init__(self, limits: settings.Tasks, doorbell: Doorbell) -> None:
        self._limits = limits
        self._doorbell = doorbell

    def claim(self, queue: Queue, owner: str, kinds: Collection[TaskKind] | None = None) -> Task | None:
        """Take the most urgent task of `queue` (of these `kinds`) for `owner`.

        None if nothing waits or `owner` is to take nothing.

        A worker that is paused or leaving may have swallowed the ring that was meant for another one: it is passed on.
        """
        # The urgent worker keeps itself free for the first picture of a film, and for what a player waits for.
        served, least = (Queue.HEAVY, Priority.FIRST) if queue is Queue.URGENT else (queue, 0)
        with transaction():
            task = claims.claim(served, owner, self._limits.lease_seconds, kinds, least)
            held_back = task is None and workers.held_back(owner)
            waiting = tasks.waiting().get(served, 0) if held_back else 0
        if waiting:
            self._doorbell.ring(queue)
        return task

    def extend(self, task: Task, progress: float | None = None) -> bool:
        """Prolong the lease, and note how far the work is (0 to 1); False if the task is somebody else's now, or gone.

        Whoever lives to hear that did not die of the task: it does not count as an attempt.
        """
        with transaction():
            held = tasks.extend(task.id, task.fence, self._limits.lease_seconds, progress)
            if not held:
                tasks.forgive(task.id, task.fence)
        return held

    def release(self, task: Task) -> None:
        """Hand the task back untouched and wake another worker: this one is leaving, the task is not at fault."""
        with transaction():
            released = tasks.release(task.id, task.fence)
        if released:
            self._doorbell.ring(QUEUE_OF[task.kind])

    def release_owner(self, owner: str, *, blameless: bool = False) -> None:
        """Put back whatever `owner` still holds.

        It counts as an attempt if its process ended without a word, and does not if the machine was at fault.
        """
        with transaction():
            released = tasks.release_owner(owner, blameless=blameless)
        for queue in released:
            _log.warning("%s ended in the middle of a task; it waits again.", owner)
            self._doorbell.ring(queue)

    def sweep(self) -> None:
        """Put back tasks whose lease ran out, then wake workers for all that waits, whether or not anybody rang."""
        with transaction():
            expired = tasks.expire()
            waiting = tasks.waiting()
        if expired:
            _log.warning("The lease of %d task(s) ran out; they wait again.", expired)
        for queue, count in waiting.items():
            self._doorbell.ring(queue, count)
