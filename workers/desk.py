"""The desk: what a worker asks about the task that it holds, and where it hands over what it made.

`LocalDesk` stands in the appliance itself; `workers.remote.desk` reaches it over HTTPS from another machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from server.container import Container
from server.domain.handover import MadePiece
from server.domain.plan import Assignment
from server.domain.task import Task
from server.errors import MatineeError
from server.settings import Media


class Desk(Protocol):
    """All that work on a task may ask for. Every call may raise Unavailable while the appliance does not answer."""

    @property
    def media(self) -> Media:
        """The limits of media work."""

    @property
    def heartbeat_seconds(self) -> float:
        """How often a lease is prolonged."""

    def extend(self, task: Task, progress: float | None = None) -> bool:
        """Prolong the lease and say how far the work is (0 to 1); False if the task is somebody else's now, or gone."""

    def release(self, task: Task) -> None:
        """Hand the task back untouched."""

    def failed(self, task: Task, error: MatineeError) -> None:
        """Say why the task could not be done."""

    def folder(self, task: Task) -> AbstractContextManager[Path]:
        """Return an empty folder for this attempt, which is gone when the block ends."""

    def original(self, task: Task) -> Path:
        """Return the file as it was uploaded. Raises Superseded."""

    def assignment(self, task: Task) -> Assignment:
        """Return what the task of a piece is about. Raises Superseded."""

    def publish(self, task: Task, folder: Path, made: Sequence[MadePiece]) -> None:
        """Publish all that the task made and finish it, in one step. Raises Unplayable, Superseded, Conflict, Gone."""


class LocalDesk:
    """The desk of a worker in the appliance."""

    def __init__(self, container: Container) -> None:
        self._container = container

    @property
    def media(self) -> Media:
        """The limits of media work."""
        return self._container.settings.media

    @property
    def heartbeat_seconds(self) -> float:
        """How often a lease is prolonged."""
        return self._container.settings.tasks.heartbeat_seconds

    def extend(self, task: Task, progress: float | None = None) -> bool:
        """Prolong the lease and say how far the work is (0 to 1); False if the task is somebody else's now, or gone."""
        return self._container.tasks.extend(task, progress)

    def release(self, task: Task) -> None:
        """Hand the task back untouched."""
        self._container.tasks.release(task)

    def failed(self, task: Task, error: MatineeError) -> None:
        """Say why the task could not be done."""
        self._container.preparation.failed(task, error)

    @contextmanager
    def folder(self, task: Task) -> Iterator[Path]:
        """Return an empty folder for this attempt, which is gone when the block ends."""
        library = self._container.library
        try:
            yield library.prepare_attempt(task.id, task.fence)
        finally:
            library.discard_attempt(task.id, task.fence)

    def original(self, task: Task) -> Path:
        """Return the file as it was uploaded."""
        return self._container.layout.original(task.video_id)

    def assignment(self, task: Task) -> Assignment:
        """Return what the task of a piece is about. Raises Superseded."""
        return self._container.preparation.assignment(task)

    def publish(self, task: Task, folder: Path, made: Sequence[MadePiece]) -> None:
        """Publish all that the task made and finish it, in one step. Raises Unplayable, Superseded, Conflict, Gone."""
        self._container.work.publish(task, folder, made)
