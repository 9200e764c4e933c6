"""Work for other machines: what they may hold, and what they hand over.

Such a machine is trusted with the films that it works on and with nothing else. It names task and fence in every call
and reaches only tasks that one of its own processes holds, so what one machine does cannot disturb the work of another.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from server.domain import handover
from server.domain.handover import MadeFile
from server.domain.task import Queue, Task, TaskKind
from server.domain.worker import Identity, WorkerState
from server.errors import Conflict, Gone, Invalid, MatineeError, NoSpace, NotFound, Superseded, Unavailable
from server.services.errand import Errand
from server.services.preparation import Preparation
from server.services.tasks import Tasks
from server.services.work import Work
from server.services.workers import Workers
from server.settings import Settings
from server.storage.deliveries import Deliveries
from server.storage.incoming import Stream
from server.storage.library import Library
from server.store import hosts
from server.store.database import transaction

WAIT_SECONDS = 20.0
LOOK_SECONDS = 0.2
PAUSE_SECONDS = 2.0  # between two claims of a worker that is paused

# What another machine may be asked for: work whose result is pieces of renditions.
KINDS = frozenset({TaskKind.VIDEO_PIECE, TaskKind.AUDIO_PIECE})

_PROCESS = re.compile(r"([0-9]{1,9})-[0-9a-z]{1,32}")
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,32}")
_CODE = re.compile(r"[a-z][a-z-]{0,31}(\.[a-z][a-z-]{0,31})?")
_MAX_REASON = 500


class Reported(MatineeError):
    """A failure as another machine told it; it may pass."""

    permanent = False


class ReportedForGood(MatineeError):
    """A failure as another machine told it; it will not pass."""


class RemoteWork:
    """The appliance's side of every machine that works for it."""

    def __init__(
        self,
        settings: Settings,
        work: Work,
        workers: Workers,
        tasks: Tasks,
        preparation: Preparation,
        library: Library,
        deliveries: Deliveries,
    ) -> None:
        self._settings = settings
        self._work = work
        self._workers = workers
        self._tasks = tasks
        self._preparation = preparation
        self._library = library
        self._deliveries = deliveries

    def claim(
        self, worker: Identity, kinds: Sequence[str], protocol: int, listens: Callable[[], bool]
    ) -> Errand | None:
        """Take the most urgent task of `kinds`, waiting up to WAIT_SECONDS for one, as long as somebody `listens`.

        A process does one task at a time: one that asks again while it holds a task did not hear our answer, and gets
        the same task. Raises Conflict (`conflict.protocol`), or Gone (`gone.worker`) if it has been told to leave.
        """
        owner = worker.name
        if protocol != handover.PROTOCOL:
            raise Conflict(
                f"This appliance speaks version {handover.PROTOCOL} of the protocol of workers, the worker {protocol}. "
                "Install the same version of Matinee on both.",
                code="conflict.protocol",
            )
        offered = [kind for kind in KINDS if kind in kinds]
        state = self._workers.beat(worker)
        if state is WorkerState.DRAINING:
            raise Gone("This worker has been told to leave.", code="gone.worker")
        if state is WorkerState.PAUSED:
            time.sleep(PAUSE_SECONDS)
            return None
        with transaction():
            task = next(iter(hosts.held_by(owner)), None)
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            task = task or self._work.claim(Queue.HEAVY, owner, offered)
            if task is None:
                time.sleep(LOOK_SECONDS)
            elif errand := self._errand(task):
                return errand
            task = None
            if time.monotonic() > deadline or not listens():
                return None

    def leave(self, worker: Identity) -> None:
        """Hand back whatever a process holds, untouched: it is leaving."""
        with transaction():
            held = hosts.held_by(worker.name)
        for task in held:
            self._release(task)
        self._workers.leave(worker.name)

    def extend(self, worker: Identity, task_id: int, fence: int, progress: float | None) -> None:
        """Prolong the lease, and note how far the work is (0 to 1). Raises Superseded."""
        self._workers.beat(worker)
        if not self._tasks.extend(self._held(worker.host, task_id, fence), progress):
            raise _superseded(task_id)

    def release(self, host: str, task_id: int, fence: int) -> None:
        """Hand a task back untouched. Raises Superseded."""
        self._release(self._held(host, task_id, fence))

    def fail(self, host: str, task_id: int, fence: int, code: str, message: str, *, permanent: bool) -> None:
        """Settle a failure. Raises Superseded, Invalid."""
        task = self._held(host, task_id, fence)
        reason = "".join(character for character in message if character.isprintable())[:_MAX_REASON]
        if _CODE.fullmatch(code) is None or not reason:
            raise Invalid("A failure has a code and a reason.", code="invalid.handover")
        kind = NoSpace if code.startswith("no-space") else ReportedForGood if permanent else Reported
        self._preparation.failed(task, kind(reason, code=code))
        self._library.discard_attempt(task.id, task.fence)

    def original(self, host: str, task_id: int, fence: int) -> str:
        """Return the id of the video whose original the holder of this task may read. Raises Superseded."""
        return self._held(host, task_id, fence).video_id

    def receive(self, host: str, task_id: int, fence: int, file: MadeFile, stream: Stream) -> None:
        """Keep a file for the piece. Raises Superseded, NotFound, Invalid, TooLarge, NoSpace."""
        task = self._held(host, task_id, fence)
        if (file.rendition, file.name) not in handover.files_of(task):
            raise NotFound("The task has no such file.")
        self._deliveries.receive(task_id, fence, file, stream)

    def publish(self, host: str, task_id: int, fence: int, made: Sequence[Any], files: Sequence[Any]) -> None:
        """Publish what was made, if all of it has arrived unharmed, and finish the task.

        Raises Superseded, Invalid, Conflict (`conflict.files`, `conflict.init`), Gone, Unplayable.
        """
        task = self._held(host, task_id, fence)
        pieces = [handover.made_from_dict(one, task) for one in made]
        listed = [handover.file_from_dict(one, task) for one in files]
        if sorted(piece.rendition for piece in pieces) != sorted(task.spec["renditions"]):
            raise Invalid("Every rendition of the task is handed over, once.", code="invalid.handover")
        if {(file.rendition, file.name) for file in listed} != handover.files_made(task, pieces):
            raise Invalid("The files are not those of the pieces.", code="invalid.handover")
        self._deliveries.check(task_id, fence, listed)
        self._work.publish(task, self._deliveries.folder(task_id, fence), pieces)
        self._library.discard_attempt(task_id, fence)

    def _errand(self, task: Task) -> Errand | None:
        """Make ready what the task needs; None if its video was removed just now."""
        try:
            assignment = self._preparation.assignment(task)
        except Superseded:
            return None
        size = self._library.original_size(task.video_id)
        if size is None:
            self._preparation.failed(task, Unavailable("The original of this film is not on the disk."))
            return None
        if not self._tasks.extend(task):
            return None
        self._library.prepare_attempt(task.id, task.fence)
        media, lease = self._settings.media, self._settings.tasks
        if media.encoder == "auto":  # that is about this machine's hardware, and the pieces must join
            media = replace(media, encoder="x264")
        return Errand(task, assignment, size, media, lease.heartbeat_seconds)

    def _held(self, host: str, task_id: int, fence: int) -> Task:
        with transaction():
            task = hosts.held(task_id, fence, host)
        if task is None:
            raise _superseded(task_id)
        return task

    def _release(self, task: Task) -> None:
        self._tasks.release(task)
        self._library.discard_attempt(task.id, task.fence)


def identity(host: str, process: str, version: str) -> Identity:
    """Name a process of the machine `host`; `process` begins with its process id. Raises Invalid."""
    named = _PROCESS.fullmatch(process)
    if named is None or _VERSION.fullmatch(version) is None:
        raise Invalid(
            "A process names itself by its process id, a dash and letters or digits, and tells its version.",
            code="invalid.handover",
        )
    return Identity(f"{process}@{host}", host, Queue.HEAVY, int(named[1]), version)


def _superseded(task_id: int) -> Superseded:
    return Superseded(f"Task {task_id} belongs to another worker now, or its video was removed.")
