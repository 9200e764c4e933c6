"""Work for every kind of worker: tasks that are worth beginning, and what came of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from server.domain.handover import MadePiece
from server.domain.task import Queue, Task, TaskKind
from server.errors import MatineeError
from server.services.preparation import Preparation
from server.services.tasks import Tasks


class Work:
    """Hands out tasks and takes in what was made, whichever machine it was made on."""

    def __init__(self, tasks: Tasks, preparation: Preparation) -> None:
        self._tasks = tasks
        self._preparation = preparation

    def claim(self, queue: Queue, owner: str, kinds: Collection[TaskKind] | None = None) -> Task | None:
        """Take the most urgent task of `queue` (of these `kinds`) for `owner`, or None if nothing waits.

        A task that has been tried too often is settled as failed, and the next one taken.
        """
        while (task := self._tasks.claim(queue, owner, kinds)) is not None:
            try:
                self._preparation.refuse_poison(task)
            except MatineeError as error:
                self._preparation.failed(task, error)
            else:
                break
        return task

    def publish(self, task: Task, folder: Path, made: Sequence[MadePiece]) -> None:
        """Publish what `task` made, a folder per rendition in `folder`, and finish it. Raises Superseded and others."""
        self._preparation.publish(task, folder, made)
