"""An upload: a file on its way in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class UploadState(StrEnum):
    """Where an upload stands; a terminated or expired one has no row."""

    RECEIVING = "receiving"
    COMPLETE = "complete"  # its video exists; `video_id` names it


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in. How much has arrived is the length of its spool file, not a column that could drift."""

    id: str
    owner_id: str
    filename: str
    size: int
    state: UploadState
    video_id: str | None
    created_at: datetime
    expires_at: datetime
