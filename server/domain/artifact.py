"""Artifacts: the files that Matinee keeps of a video, as its manifest knows them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ArtifactKind(StrEnum):
    """What a file is, which decides how it can be had again."""

    ORIGINAL = "original"  # as it was uploaded: cannot be made again
    INIT = "init"  # by any piece of its rendition, and every time the same
    SEGMENT = "segment"  # by its piece
    TEXT = "text"  # playlists, captions, chapters: from the text that the manifest keeps
    EXTRA = "extra"  # posters, storyboards: by the task that made it


class Damage(StrEnum):
    """What the scrub can find wrong with a file."""

    MISSING = "missing"
    ROTTEN = "rotten"  # other bytes than were published, unreadable, or not an ordinary file


class Remedy(StrEnum):
    """What becomes of a damaged file."""

    REMAKE = "remake"  # the task that makes it waits again
    REWRITE = "rewrite"  # it was written again at once
    NONE = "none"  # nothing here can bring it back


@dataclass(frozen=True, slots=True)
class Artifact:
    """A published file: `path` within the folder of its video, `size` in bytes, SHA-256 (None: not read yet)."""

    path: str
    kind: ArtifactKind
    size: int
    sha256: bytes | None
