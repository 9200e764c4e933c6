"""The shape of every job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.container import Container
from server.domain.task import Task
from workers.lease import Lease


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a job works with: the parts, its task, the lease on it, and an empty folder of its own."""

    container: Container
    task: Task
    lease: Lease
    folder: Path

    @property
    def original(self) -> Path:
        """The file as it was uploaded."""
        return self.container.layout.original(self.task.video_id)


Job = Callable[[JobContext], None]
