"""From a checked file to a ready film: the plan, its pieces as they come in, and what becomes of failures.

Everything is settled in one transaction that first locks the task's row by its fence (`tasks.hold`). Files are renamed
into the library while that lock is held, so a worker whose lease was lost can neither publish nor report.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from server import settings
from server.domain import playlist, rendition
from server.domain.playlist import Offer
from server.domain.rendition import AudioRendition, Rendition, VideoRendition
from server.domain.source import Source
from server.domain.task import NewTask, Priority, Queue, Task, TaskKind, retry_delay
from server.domain.timeline import Piece, Segment, cut, pieces, segments, sound_segments
from server.domain.video import Reason, VideoState
from server.errors import MatineeError, NoSpace, Superseded, Unplayable
from server.queue.doorbell import Doorbell
from server.services.videos import announce
from server.storage.layout import MULTIVARIANT, PLAYLIST, Layout
from server.storage.library import Library
from server.store import renditions, tasks, videos
from server.store.database import transaction

# The sound of a film is AAC-LC before its first piece says so, and a player must know of it from the start.
SOUND_CODECS = "mp4a.40.2"

# How long a piece waits before it looks again whether the disk has room.
SPACE_SECONDS = 60.0

# Cost of a second of sound, in the unit of pictures: a million pixels encoded for a second.
SOUND_COST = 0.02


class Preparation:
    """Makes a film of what was uploaded."""

    def __init__(
        self,
        media: settings.Media,
        limits: settings.Tasks,
        library: Library,
        layout: Layout,
        doorbell: Doorbell,
    ) -> None:
        self._media = media
        self._limits = limits
        self._library = library
        self._layout = layout
        self._doorbell = doorbell

    def begin(self, task: Task, source: Source) -> None:
        """Settle a plan: renditions, complete playlists, and a task for every piece. Raises Superseded."""
        ladder = rendition.ladder(source)
        size = (source.video.width, source.video.height) if source.video else None
        with self._holding(task):
            videos.plan(task.video_id, source.to_dict(), float(source.duration), size)
            renditions.create(task.video_id, [(made.name, made.to_dict()) for made in ladder])
            for made in ladder:
                self._write_playlist(task.video_id, made, self.timeline(source, made))
            created = tasks.create(task.video_id, self._tasks(source, ladder))
            tasks.finish(task.id, task.fence)
            announce(task.video_id)
        self._doorbell.ring(Queue.LIGHT)
        self._doorbell.ring(Queue.HEAVY, times=len(created))

    def timeline(self, source: Source, made: Rendition) -> tuple[Segment, ...]:
        """Return every segment that the rendition will have."""
        if isinstance(made, AudioRendition):
            return sound_segments(source.duration, self._media.segment_seconds, made.grid)
        return segments(source.picture_duration, self._media.segment_seconds)

    def source(self, task: Task) -> Source:
        """Return the facts of the original that a task is about. Raises Superseded if its video was removed."""
        with transaction():
            facts = videos.source(task.video_id)
        if facts is None:
            raise Superseded("The video was removed while it was being prepared.")
        return Source.from_dict(facts)

    def piece(self, task: Task) -> tuple[Source, Rendition, Piece]:
        """Return what the task of a piece is about. Raises Superseded if its video was removed."""
        source = self.source(task)
        with transaction():
            specs = {row["name"]: row["spec"] for row in renditions.of_video(task.video_id)}
        if task.spec["rendition"] not in specs:
            raise Superseded("The video was removed while it was being prepared.")
        made = rendition.from_dict(specs[task.spec["rendition"]])
        return source, made, self._pieces(source, made)[task.spec["piece"]]

    def publish_piece(
        self, task: Task, made: Rendition, folder: Path, codecs: str, count: int, ended: Fraction | None = None
    ) -> None:
        """Publish the `count` segments in `folder` as the work of `task`.

        Fewer than planned means that the file holds less than it promised: the rendition ends at `ended`. Raises
        Unplayable if it would be empty, Superseded, Conflict or Gone.
        """
        end = task.spec["first"] + count
        if end == 0:
            raise Unplayable("Nothing in the file could be decoded; it is damaged.", code="unplayable.damaged")
        with self._holding(task):
            joined = False
            if count:  # a piece behind the end of a cut-off file has neither segments nor codecs
                self._library.publish_piece(folder, task.video_id, made.name)
                joined = renditions.note_codecs(task.video_id, made.name, codecs)
            if count < task.spec["count"]:
                self._shorten(task, made, end, ended)
            tasks.finish(task.id, task.fence)
            ready = videos.finish(task.video_id)
            if joined or ready:
                self._write_multivariant(task.video_id)
            announce(task.video_id)

    def publish_poster(self, task: Task, picture: Path | None) -> None:
        """Publish the poster; None means that no picture of the film was worth one. Raises Superseded."""
        with self._holding(task):
            if picture is not None:
                self._library.publish_poster(picture, task.video_id)
                videos.note_poster(task.video_id)
            tasks.finish(task.id, task.fence)
            announce(task.video_id)

    def refuse_poison(self, task: Task) -> None:
        """Raise if the task has been tried too often: whatever keeps killing its workers must not go on for ever."""
        if task.attempt > self._limits.max_attempts:
            raise Poisoned(
                f"This work was begun {self._limits.max_attempts} times and never came to an end, so it was given up. "
                "The file is probably damaged in an unusual way; export it again and upload that."
            )

    def failed(self, task: Task, error: MatineeError) -> None:
        """Settle a failure: try again later if it may pass, else give up and say why. A film may lack its poster."""
        with transaction():
            # The video's row first, as everywhere, so that nobody waits in a circle.
            videos.lock(task.video_id)
            if not tasks.hold(task.id, task.fence):
                return
            if isinstance(error, NoSpace):
                # A full disk is no fault of the film: it waits for as long as it takes.
                tasks.postpone(task.id, task.fence, error.code, error.message, SPACE_SECONDS)
                return
            if not error.permanent and task.attempt < self._limits.max_attempts:
                tasks.retry(task.id, task.fence, error.code, error.message, retry_delay(task.attempt))
                return
            tasks.fail(task.id, task.fence, error.code, error.message)
            if task.kind is TaskKind.POSTER or not videos.fail(task.video_id, Reason(error.code, error.message)):
                return
            announce(task.video_id)
            self._library.withdraw_renditions(task.video_id)

    def repair(self) -> None:
        """Delete the folders of attempts that nobody works on any more."""
        self._library.remove_orphans()

    @contextmanager
    def _holding(self, task: Task) -> Iterator[None]:
        with transaction():
            # Video before task: everybody locks in this order, so two pieces of one video never wait in a circle.
            if videos.lock(task.video_id) in (None, VideoState.FAILED) or not tasks.hold(task.id, task.fence):
                raise Superseded(f"Task {task.id} belongs to another worker now, or its video was given up.")
            yield

    def _shorten(self, task: Task, made: Rendition, end: int, ended: Fraction | None) -> None:
        """End a rendition before segment `end`, at `ended` seconds."""
        tasks.drop_from(task.video_id, made.name, task.spec["first"], task.id)
        facts = videos.source(task.video_id)
        if facts is not None:
            self._write_playlist(task.video_id, made, cut(self.timeline(Source.from_dict(facts), made), end, ended))

    def _write_playlist(self, video_id: str, made: Rendition, planned: tuple[Segment, ...]) -> None:
        path = self._layout.rendition(video_id, made.name) / PLAYLIST
        self._library.write_text_atomically(path, playlist.media(planned))

    def _write_multivariant(self, video_id: str) -> None:
        facts = videos.source(video_id)
        if facts is None:
            return
        source, offers = Source.from_dict(facts), []
        for row in renditions.of_video(video_id):
            made = rendition.from_dict(row["spec"])
            codecs = row["codecs"] or (SOUND_CODECS if isinstance(made, AudioRendition) else None)
            if codecs:
                seconds, size = self._measured(video_id, made, self.timeline(source, made))
                offers.append(Offer(made, codecs, seconds, size))
        if any(isinstance(offer.rendition, VideoRendition) for offer in offers) or source.video is None:
            path = self._layout.hls(video_id) / MULTIVARIANT
            self._library.write_text_atomically(path, playlist.multivariant(offers))

    def _measured(self, video_id: str, made: Rendition, planned: tuple[Segment, ...]) -> tuple[Fraction, int]:
        """Return the seconds and bytes of the segments that exist."""
        names = {playlist.segment_name(segment.index): segment.length for segment in planned}
        seconds, size = Fraction(0), 0
        with os.scandir(self._layout.rendition(video_id, made.name)) as entries:
            for entry in entries:
                if entry.name in names:
                    seconds += names[entry.name]
                    size += entry.stat().st_size
        return seconds, size

    def _pieces(self, source: Source, made: Rendition) -> tuple[Piece, ...]:
        planned = self.timeline(source, made)
        return pieces(planned, made.growth) if isinstance(made, AudioRendition) else pieces(planned)

    def _tasks(self, source: Source, ladder: tuple[Rendition, ...]) -> list[NewTask]:
        """Return the tasks of a film in the order in which they are wanted."""
        made = [
            (piece.start, _task(one, piece, lowest=one is ladder[0]))
            for one in ladder
            for piece in self._pieces(source, one)
        ]
        ordered = [task for _, task in sorted(made, key=lambda pair: pair[0])]
        if source.video is not None:
            ordered.insert(0, NewTask(TaskKind.POSTER, "poster", Priority.FIRST))
        return ordered


def _task(made: Rendition, piece: Piece, *, lowest: bool) -> NewTask:
    spec = {"rendition": made.name, "piece": piece.index, "first": piece.first, "count": piece.count}
    key = f"{made.name}:{piece.index:05d}"
    seconds = float(piece.length)
    if isinstance(made, AudioRendition):
        priority = Priority.FIRST if piece.index == 0 else Priority.LOWEST
        return NewTask(TaskKind.AUDIO_PIECE, key, priority, seconds * SOUND_COST, spec)
    urgent = Priority.FIRST if piece.index == 0 else Priority.LOWEST
    cost = seconds * made.width * made.height / 1e6
    return NewTask(TaskKind.VIDEO_PIECE, key, urgent if lowest else Priority.REST, cost, spec)


class Poisoned(Unplayable):
    """A task that was begun too often and never ended."""

    code = "unplayable.poison"
