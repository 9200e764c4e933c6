"""Publication: files into the library and their rows into the manifest, in one transaction of the caller's.

The rename comes first and the commit last. Dying in between leaves a file that is whole and that no row tells of (or
whose row is older); the task that made it is still open then, and publishes again.
"""

from __future__ import annotations

from pathlib import Path

from server.domain.playlist import INIT_SEGMENT
from server.domain.task import Task
from server.errors import Conflict
from server.storage.library import Library, Sealed
from server.store import artifacts, extras


class Publication:
    """What is published through here is looked after by the scrub; anything else in the library is a stranger to it."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def seal(self, folder: Path) -> Sealed:
        """Put what a task made for one rendition on the disk and hash it, before anything is locked."""
        return self._library.seal(folder)

    def piece(self, task: Task, rendition: str, made: Sealed, *, described: bool) -> None:
        """Publish sealed segments as the work of `task`.

        Segments that are `described` carry their own parameter sets, and play with the init segment with which the
        rendition began. Raises Conflict (`conflict.init`) if others began with another one, Gone if the video was
        removed.
        """
        # The file may be missing or rotten, so the manifest says what the other segments belong to.
        begun = artifacts.get(task.video_id, f"hls/{rendition}/{INIT_SEGMENT}")
        if begun is not None and begun.artifact.sha256 != made.init.sha256:
            if described:
                published = self._library.publish_piece(made, task.video_id, rendition, with_init=False)
                artifacts.note(task.video_id, published, task.id)
                return
            raise Conflict(
                "This piece was encoded with other parameters than the pieces before it, so they cannot be joined.",
                code="conflict.init",
            )
        artifacts.note(task.video_id, self._library.publish_piece(made, task.video_id, rendition), task.id)

    def file(self, task: Task, file: Path, place: Path) -> None:
        """Publish one file (poster, storyboard, captions) as the work of `task`. Raises Gone."""
        artifacts.note(task.video_id, [self._library.publish_file(file, place)], task.id)

    def text(self, video_id: str, path: Path, text: str) -> None:
        """Publish a playlist. Raises Gone if the video was removed."""
        artifacts.note(video_id, [self._library.write_text_atomically(path, text)], content=text)

    def withdraw(self, video_id: str) -> None:
        """Take away everything that was made from the original."""
        artifacts.forget_made(video_id)
        extras.forget(video_id)
        self._library.withdraw_renditions(video_id)
