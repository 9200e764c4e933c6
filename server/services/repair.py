"""Repair: what becomes of a file that is missing or rotten, and only of it.

A segment is made again from the original by the one task that made it, a playlist is written again from the manifest,
and an original cannot be had again. Files that are not what they were go to the quarantine first: from then on nginx
asks for them as for any segment that does not exist yet, and a viewer just waits.
"""

from __future__ import annotations

import logging

from server.domain.artifact import ArtifactKind, Damage, Remedy
from server.domain.event import EventType, NewEvent
from server.domain.playlist import INIT_SEGMENT
from server.domain.task import Priority, Queue, Task
from server.domain.video import Reason, VideoState
from server.queue.doorbell import Doorbell
from server.services.publication import Publication
from server.services.videos import announce
from server.storage.layout import Layout, Part
from server.storage.quarantine import Quarantine
from server.store import artifacts, events, tasks, videos
from server.store.artifacts import Record
from server.store.database import transaction

DAMAGED_ORIGINAL = Reason(
    code="damaged.original",
    message="The file that was uploaded is damaged on the disk. What was made from it still plays, but cannot be made "
    "again. Keep your own copy, or upload it again.",
)
FILES_LOST = Reason(
    code="gone.files",
    message="The files of this film are no longer on the disk. Restore them from a backup, or upload it again.",
)

# A rendition begun more recently than this is at odds with a worker of today, and so would be another.
SETTLED_HOURS = 1

_log = logging.getLogger(__name__)


class Repair:
    """Has made again what can be made again, and says what cannot."""

    def __init__(self, layout: Layout, quarantine: Quarantine, publication: Publication, doorbell: Doorbell) -> None:
        self._layout = layout
        self._quarantine = quarantine
        self._publication = publication
        self._doorbell = doorbell

    def mend(self, record: Record, damage: Damage, priority: int = 0) -> Remedy | None:
        """Settle one damaged file; None if meanwhile it was published anew, is being made, or has no video.

        Its task becomes at least as urgent as `priority`.
        """
        queues: list[Queue] = []
        with transaction():
            state = videos.lock(record.video_id)
            if state is None or not artifacts.at_rest(record):
                return None
            artifacts.mark_checked(record)
            remedy = self._remedy(record, state, queues, priority)
            if damage is Damage.ROTTEN and remedy is not Remedy.NONE:
                self._quarantine.take(self._layout.video(record.video_id) / record.artifact.path)
            if remedy is Remedy.REWRITE and record.content is not None:
                self._publication.text(
                    record.video_id, self._layout.video(record.video_id) / record.artifact.path, record.content
                )
            self._tell(record, damage, remedy)
        _log.warning("%s of video %s is %s: %s.", record.artifact.path, record.video_id, damage, remedy)
        for queue in queues:
            self._doorbell.ring(queue)
        return remedy

    def lost(self, part: Part) -> bool:
        """Have a segment made again at once that was made and is not on the disk; False if it was never made."""
        with transaction():
            videos.lock(part.video_id)  # whoever is moving it away has committed then
            record = artifacts.get(part.video_id, f"hls/{part.rendition}/{part.file}")
        if record is None:
            return False
        if not self._layout.part(part).exists():
            self.mend(record, Damage.MISSING, Priority.AWAITED)
        return True

    def renew(self, task: Task) -> bool:
        """Settle the conflict of a piece that was made again with the init segment of its rendition.

        Another version of an encoder writes another init segment, and then no piece fits the others any more: all that
        the task makes is made again as a whole, this piece with it. Inside the transaction of the caller, who holds
        video and task. False if the film is not finished, or the rendition is so young that two versions must be at
        work at once: then nothing was changed.
        """
        made: list[str] = task.spec["renditions"]
        begun = [f"hls/{rendition}/{INIT_SEGMENT}" for rendition in made]
        ready = videos.lock(task.video_id) is VideoState.READY
        if not ready or not all(artifacts.is_older(task.video_id, path, SETTLED_HOURS) for path in begun):
            return False
        _log.warning("Video %s: %s are made again as a whole.", task.video_id, ", ".join(made))
        for path in [path for rendition in made for path in artifacts.withdraw(task.video_id, rendition)]:
            self._quarantine.take(self._layout.video(task.video_id) / path)
        tasks.release(task.id, task.fence)
        for queue in tasks.again(tasks.of_group(task.video_id, made)):
            self._doorbell.ring(queue)
        return True

    def give_up(self, video_id: str) -> bool:
        """Settle a video whose folder is gone; False if it had failed, or was removed."""
        with transaction():
            videos.lock(video_id)
            artifacts.forget(video_id, list(artifacts.paths(video_id)))
            if not videos.lose(video_id, FILES_LOST):
                return False
            announce(video_id)
        _log.error("The files of video %s are gone.", video_id)
        return True

    def sound(self, record: Record) -> None:
        """Take back what was said of an original that turned out to be whole."""
        if record.artifact.kind is ArtifactKind.ORIGINAL and videos.unflag(record.video_id, DAMAGED_ORIGINAL.code):
            announce(record.video_id)

    def _remedy(self, record: Record, state: VideoState, queues: list[Queue], priority: int) -> Remedy:
        if record.artifact.kind is ArtifactKind.ORIGINAL:
            if videos.flag(record.video_id, DAMAGED_ORIGINAL):
                announce(record.video_id)
            return Remedy.NONE
        if record.content is not None:
            return Remedy.REWRITE
        # From a damaged original a piece might come out shorter, and the film would end there.
        whole = state is not VideoState.FAILED and not videos.is_flagged(record.video_id, DAMAGED_ORIGINAL.code)
        if whole and record.task_id is not None and self._layout.original(record.video_id).exists():
            queues += tasks.again([record.task_id], priority)
        return Remedy.REMAKE if queues else Remedy.NONE

    def _tell(self, record: Record, damage: Damage, remedy: Remedy) -> None:
        data: dict[str, object] = {
            "id": record.video_id,
            "path": record.artifact.path,
            "damage": damage.value,
            "remedy": remedy.value,
        }
        events.append(NewEvent(EventType.VIDEO_DAMAGED, f"videos/{record.video_id}", data))
