"""The shape of every job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.container import Container
from server.domain.task import Task
from workers.desk import Desk
from workers.lease import Lease


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceContext:
    """What a job works with that may run on any machine: the desk, its task, the lease, an empty folder of its own."""

    desk: Desk
    task: Task
    lease: Lease
    folder: Path

    @property
    def original(self) -> Path:
        """The file as it was uploaded."""
        return self.desk.original(self.task)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobContext(PieceContext):
    """What a job works with that runs in the appliance: the parts, too."""

    container: Container


Job = Callable[[JobContext], None]
PieceJob = Callable[[PieceContext], None]
