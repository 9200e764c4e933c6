"""A task with all that a machine needs which reaches neither the database nor the disk of the appliance."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from server.domain import handover
from server.domain.plan import Assignment
from server.domain.task import Task
from server.settings import Media


@dataclass(frozen=True, slots=True)
class Errand:
    """A claimed task, what it is about, the size of the original in bytes, and the appliance's rules for the work."""

    task: Task
    assignment: Assignment
    size: int
    media: Media
    heartbeat_seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {
            "task": handover.task_to_dict(self.task),
            "assignment": handover.assignment_to_dict(self.assignment),
            "size": self.size,
            "media": asdict(self.media),
            "heartbeat_seconds": self.heartbeat_seconds,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Errand:
        """Build it from what `to_dict` returned, perhaps in an appliance that has more settings than we know."""
        known = {field.name for field in fields(Media)}
        return cls(
            handover.task_from_dict(values["task"]),
            handover.assignment_from_dict(values["assignment"]),
            values["size"],
            Media(**{name: value for name, value in values["media"].items() if name in known}),
            values["heartbeat_seconds"],
        )
