"""From a checked file to a ready film: the plan, its pieces as they come in, and what becomes of failures.

Everything is settled in one transaction that first locks the task's row by its fence (`tasks.hold`). Files are renamed
into the library while that lock is held, so a worker whose lease was lost can neither publish nor report.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from server import settings
from server.domain import analysis, extras, playlist, remux, rendition, webvtt
from server.domain.handover import MadePiece
from server.domain.ladder import ladder
from server.domain.passage import Passage, cut_like
from server.domain.plan import Assignment, Plan
from server.domain.playlist import INIT_SEGMENT, Offer, measure
from server.domain.rendition import AudioRendition, Rendition, VideoRendition
from server.domain.source import Source
from server.domain.task import Queue, Task, TaskKind, retry_delay
from server.domain.timeline import Segment, cut
from server.domain.video import Reason, VideoState
from server.errors import MatineeError, NoSpace, Superseded, Unavailable, Unplayable
from server.queue.doorbell import ENOUGH, Doorbell
from server.services.publication import Publication
from server.services.repair import Repair
from server.services.videos import announce
from server.storage.layout import MULTIVARIANT, PLAYLIST, Layout
from server.storage.library import Library
from server.store import artifacts, renditions, tasks, videos
from server.store import extras as extras_of
from server.store.database import transaction

# The sound of a film is AAC-LC before its first piece says so, and a player must know of it from the start.
SOUND_CODECS = "mp4a.40.2"

# How long a piece waits before it looks again whether the disk has room.
SPACE_SECONDS = 60.0


class Preparation:
    """Makes a film of what was uploaded."""

    def __init__(
        self,
        media: settings.Media,
        limits: settings.Tasks,
        library: Library,
        publication: Publication,
        repair: Repair,
        layout: Layout,
        doorbell: Doorbell,
    ) -> None:
        self._media = media
        self._limits = limits
        self._library = library
        self._publication = publication
        self._repair = repair
        self._layout = layout
        self._doorbell = doorbell

    def begin(self, task: Task, source: Source, passage: Passage) -> None:
        """Settle a plan: renditions, complete playlists, and a task for every piece. Raises Superseded.

        Pictures that pass are there from this moment on: whoever asks for one of their segments has it cut at once.
        """
        source = cut_like(source, passage)
        plan = Plan(source, ladder(source, passage, av1=self._media.av1), self._media.segment_seconds)
        size = (source.video.width, source.video.height) if source.video else None
        with self.holding(task):
            videos.plan(task.video_id, source.to_dict(), float(source.duration), size)
            renditions.create(task.video_id, [(made.name, made.to_dict()) for made in plan.renditions])
            for made in plan.renditions:
                self.write_playlist(task.video_id, made, plan.timeline(made))
                if passage.picture is not None and isinstance(made, VideoRendition) and made.copy:
                    renditions.note_codecs(task.video_id, made.name, passage.picture.codecs)
            special = [one for one in (analysis.task(plan), remux.task(plan, passage)) if one]
            tasks.create(task.video_id, [*plan.tasks(), *extras.at_once(source), *special])
            if any(one.kind is TaskKind.REMUX for one in special):
                tasks.put_off(task.video_id, [made.name for made in remux.group(plan)], remux.HOLD_SECONDS)
            if source.chapters:
                text = webvtt.chapters(source.chapters, source.duration)
                self._publication.text(task.video_id, self._layout.video(task.video_id) / extras.CHAPTERS, text)
            tasks.finish(task.id, task.fence)
            self.write_multivariant(task.video_id)
            announce(task.video_id)
        self._doorbell.ring(Queue.URGENT)
        self._doorbell.ring(Queue.HEAVY, times=ENOUGH)
        self._doorbell.ring(Queue.LIGHT, times=ENOUGH)

    def source(self, task: Task) -> Source:
        """Return the facts of the original that a task is about. Raises Superseded if its video was removed."""
        with transaction():
            facts = videos.source(task.video_id)
        if facts is None:
            raise Superseded("The video was removed while it was being prepared.")
        return Source.from_dict(facts)

    def planned(self, task: Task) -> Plan:
        """Return the plan that a task belongs to. Raises Superseded if its video was removed."""
        with transaction():
            plan = self.plan(task.video_id)
        if plan is None:
            raise Superseded("The video was removed while it was being prepared.")
        return plan

    def assignment(self, task: Task) -> Assignment:
        """Return what the task of a piece is about. Raises Superseded if its video was removed."""
        plan = self.planned(task)
        try:
            group = plan.group(task.spec["renditions"])
        except KeyError as error:
            raise Superseded("The video was removed while it was being prepared.") from error
        return Assignment(plan.source, group, plan.pieces(group)[task.spec["piece"]])

    def publish(self, task: Task, folder: Path, made: Sequence[MadePiece]) -> None:
        """Publish what `task` made, all of it or nothing: a folder per rendition in `folder`.

        Fewer segments than planned mean that the file holds less than it promised: the rendition ends there. Raises
        Unplayable if it would be empty, Superseded, Conflict or Gone.
        """
        if task.spec["first"] + min(one.count for one in made) == 0:
            raise Unplayable("Nothing in the file could be decoded; it is damaged.", code="unplayable.damaged")
        # The disk takes its time, so it is asked before anything is locked.
        sealed = {one.rendition: self._publication.seal(folder / one.rendition) for one in made if one.count}
        with self.holding(task):
            for one in made:
                if one.count:  # a piece behind the end of a cut-off file has neither segments nor codecs
                    described = self._is_described(task, one)
                    self._publication.piece(task, one.rendition, sealed[one.rendition], described=described)
            tasks.finish(task.id, task.fence)
            joined = self._join(task, made)
            if any(one.count < task.spec["count"] for one in made):
                self._shorten(task, made)
            ready = videos.finish(task.video_id)
            if ready and (plan := self.plan(task.video_id)) is not None:
                tasks.create(task.video_id, extras.when_ready(plan.source))
            if ready or joined:
                self.write_multivariant(task.video_id)
            announce(task.video_id)

    def refuse_poison(self, task: Task) -> None:
        """Raise if the task has been tried too often: whatever keeps killing its workers must not go on for ever."""
        if task.attempt > self._limits.max_attempts:
            raise Poisoned(
                f"This work was begun {self._limits.max_attempts} times and never came to an end, so it was given up. "
                "The file is probably damaged in an unusual way; export it again and upload that."
            )

    def failed(self, task: Task, error: MatineeError) -> None:
        """Settle a failure: try again later if it may pass, else give up and say why.

        A film may lack what is not essential.
        """
        with transaction():
            # The video's row first, as everywhere, so that nobody waits in a circle.
            videos.lock(task.video_id)
            if not tasks.hold(task.id, task.fence):
                return
            if isinstance(error, NoSpace | Unavailable):
                # A full disk or a part that is away is no fault of the film: it waits for as long as it takes.
                delay = SPACE_SECONDS if isinstance(error, NoSpace) else retry_delay(task.attempt)
                tasks.postpone(task.id, task.fence, error.code, error.message, delay)
                return
            if not error.permanent and task.attempt < self._limits.max_attempts:
                tasks.retry(task.id, task.fence, error.code, error.message, retry_delay(task.attempt))
                return
            if error.code == "conflict.init" and self._repair.renew(task):
                return
            tasks.fail(task.id, task.fence, error.code, error.message)
            if tasks.is_essential(task.id):
                self.give_up(task.video_id, Reason(error.code, error.message))

    def give_up(self, video_id: str, reason: Reason, actor: str | None = None) -> bool:
        """Within the caller's transaction, which holds the video: it failed, and what was made of it is withdrawn.

        False if it was ready or had failed before.
        """
        if not videos.fail(video_id, reason):
            return False
        announce(video_id, actor)
        self._publication.withdraw(video_id)
        return True

    def repair(self) -> None:
        """Delete the folders of attempts that nobody works on any more."""
        self._library.remove_orphans()

    @contextmanager
    def holding(self, task: Task) -> Iterator[None]:
        """Hold video and task in one transaction. Raises Superseded if either is somebody else's now, or gone."""
        with transaction():
            # Video before task: everybody locks in this order, so two pieces of one video never wait in a circle.
            if videos.lock(task.video_id) in (None, VideoState.FAILED) or not tasks.hold(task.id, task.fence):
                raise Superseded(f"Task {task.id} belongs to another worker now, or its video was given up.")
            yield

    def plan(self, video_id: str) -> Plan | None:
        """Return the plan as it was settled, or None without one. Within the caller's transaction."""
        facts = videos.source(video_id)
        if facts is None:
            return None
        made = tuple(rendition.from_dict(row["spec"]) for row in renditions.of_video(video_id))
        return Plan(Source.from_dict(facts), made, self._media.segment_seconds)

    def _is_described(self, task: Task, made: MadePiece) -> bool:
        """Say whether segments play with the init segment that is there, whatever encoder it is from."""
        there = self._layout.rendition(task.video_id, made.rendition) / INIT_SEGMENT
        known = {row["name"]: row["codecs"] for row in renditions.of_video(task.video_id)}
        encoded = task.kind is TaskKind.VIDEO_PIECE and made.codecs.startswith("avc1.")
        return encoded and made.codecs == known.get(made.rendition) and there.exists()

    def _join(self, task: Task, made: Sequence[MadePiece]) -> bool:
        """Offer what was made from now on; what a film can do without only once all of it is there. True if new."""
        if not tasks.is_essential(task.id) and tasks.remain(task.video_id, task.spec["renditions"]):
            return False
        noted = [renditions.note_codecs(task.video_id, one.rendition, one.codecs) for one in made if one.count]
        return any(noted)

    def _shorten(self, task: Task, made: Sequence[MadePiece]) -> None:
        """End renditions after their last segment."""
        first = task.spec["first"]
        tasks.drop_from(task.video_id, task.spec["renditions"], first, task.id)
        if (plan := self.plan(task.video_id)) is None:
            return
        for one in made:
            (shortened,) = plan.group([one.rendition])
            ends = cut(plan.timeline(shortened), first + one.count, one.ended)
            self.write_playlist(task.video_id, shortened, ends)

    def write_playlist(self, video_id: str, made: Rendition, planned: tuple[Segment, ...]) -> None:
        """Write the playlist of one rendition."""
        path = self._layout.rendition(video_id, made.name) / PLAYLIST
        self._publication.text(video_id, path, playlist.media(planned))

    def write_multivariant(self, video_id: str) -> None:
        """Write the playlist of playlists anew, within the caller's transaction: what it lists has changed."""
        if (plan := self.plan(video_id)) is None:
            return
        offers, leafing = [], extras_of.iframes(video_id)
        for made, row in zip(plan.renditions, renditions.of_video(video_id), strict=True):
            codecs = row["codecs"] or (SOUND_CODECS if isinstance(made, AudioRendition) else None)
            if codecs:
                sizes = artifacts.segment_sizes(video_id, made.name)
                offers.append(Offer(made, codecs, measure(plan.timeline(made), sizes), leafing.get(made.name)))
        if any(isinstance(offer.rendition, VideoRendition) for offer in offers) or plan.source.video is None:
            path = self._layout.hls(video_id) / MULTIVARIANT
            self._publication.text(video_id, path, playlist.multivariant(offers, extras_of.of_video(video_id).captions))


class Poisoned(Unplayable):
    """A task that was begun too often and never ended."""

    code = "unplayable.poison"
