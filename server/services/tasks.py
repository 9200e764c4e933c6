"""Tasks: who works on what, and what becomes of work that was lost."""

from __future__ import annotations

import logging

from server import settings
from server.domain.task import QUEUE_OF, Queue, Task
from server.queue.doorbell import Doorbell
from server.store import tasks
from server.store.database import transaction

_log = logging.getLogger(__name__)


class Tasks:
    """Claims and leases for workers; the sweep for everything that they left behind."""

    def __init__(self, limits: settings.Tasks, doorbell: Doorbell) -> None:
        self._limits = limits
        self._doorbell = doorbell

    def claim(self, queue: Queue, owner: str) -> Task | None:
        """Take the most urgent task of `queue` for `owner`, or None if nothing waits."""
        with transaction():
            return tasks.claim(queue, owner, self._limits.lease_seconds)

    def extend(self, task: Task) -> bool:
        """Prolong the lease; False if somebody else owns the task now, or it is gone."""
        with transaction():
            return tasks.extend(task.id, task.fence, self._limits.lease_seconds)

    def release(self, task: Task) -> None:
        """Hand the task back untouched and wake another worker: this one is leaving, the task is not at fault."""
        with transaction():
            released = tasks.release(task.id, task.fence)
        if released:
            self._doorbell.ring(QUEUE_OF[task.kind])

    def release_owner(self, owner: str) -> None:
        """Put back whatever `owner` still holds: its process ended without a word. It counts as an attempt."""
        with transaction():
            released = tasks.release_owner(owner)
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
