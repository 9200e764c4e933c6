"""Events: what happened, in the envelope of CloudEvents 1.0 (structured JSON mode).

Source: https://github.com/cloudevents/spec, version 1.0.2, with its `sequence` and `traceparent` extensions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

SOURCE = "/matinee"
CONTENT_TYPE = "application/cloudevents+json"


class EventType(StrEnum):
    """Everything that the appliance announces. `docs/events.md` describes each."""

    VIDEO_CHANGED = "video.changed"
    VIDEO_REMOVED = "video.removed"
    VIDEO_DAMAGED = "video.damaged"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened, to be written to the outbox in the transaction that made it true."""

    type: EventType
    subject: str  # "videos/<id>"
    data: dict[str, Any]
    actor: str | None = None  # id of the person who caused it
    traceparent: str | None = None  # W3C Trace Context of the request or task that caused it


@dataclass(frozen=True, slots=True)
class Event:
    """A stored event. `position` is its place in the published order, given by the one relay; None before that."""

    id: str
    position: int | None
    type: str
    subject: str
    time: datetime
    data: dict[str, Any]
    traceparent: str | None

    def as_cloudevent(self) -> dict[str, Any]:
        """Return the CloudEvents JSON object; clients resume after its `sequence`."""
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": SOURCE,
            "type": self.type,
            "subject": self.subject,
            "time": self.time.isoformat(),
            "datacontenttype": "application/json",
            "data": self.data,
        }
        if self.position is not None:
            event["sequence"] = self.position
        if self.traceparent is not None:
            event["traceparent"] = self.traceparent
        return event

    def to_json(self) -> bytes:
        """Return the CloudEvents JSON object as it travels, in UTF-8."""
        return json.dumps(self.as_cloudevent(), ensure_ascii=False, separators=(",", ":")).encode()
