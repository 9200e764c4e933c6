"""The desk of a worker on another machine."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from server.domain import handover
from server.domain.handover import MadePiece
from server.domain.plan import Assignment
from server.domain.task import Task, TaskKind
from server.errors import MatineeError, MediaFailed, NoSpace, Superseded
from server.services.errand import Errand
from server.settings import Media
from workers.remote.origin import CLAIM_SECONDS, HASTY_SECONDS, Origin
from workers.remote.originals import Film, Originals
from workers.remote.window import Span, is_whole, window

_log = logging.getLogger(__name__)


class Unfit(Exception):
    """What this machine makes or has room for does not do: others should have the task."""


class RemoteDesk:
    """The desk of one process, which does one task at a time in the folder `attempts`."""

    def __init__(self, origin: Origin, originals: Originals, attempts: Path) -> None:
        self._origin = origin
        self._originals = originals
        self._attempts = attempts
        self._errand: Errand | None = None
        self._film: Film | None = None
        self._part = True

    @property
    def media(self) -> Media:
        """The limits of media work."""
        return self._held.media

    @property
    def heartbeat_seconds(self) -> float:
        """How often a lease is prolonged."""
        return self._held.heartbeat_seconds

    def claim(self, kinds: Collection[TaskKind]) -> Task | None:
        """Take the most urgent task of `kinds`; None if there was none for a while. Raises Gone when told to leave."""
        told = {"kinds": sorted(kinds), "protocol": handover.PROTOCOL}
        answer = self._origin.tell("claims", told, seconds=CLAIM_SECONDS)
        self._errand = Errand.from_dict(answer) if answer else None
        return self._errand.task if self._errand else None

    def leave(self) -> None:
        """Hand back whatever this process holds, if the appliance listens; else the lease runs out."""
        try:
            self._origin.tell("leave", seconds=HASTY_SECONDS)
        except MatineeError as error:
            _log.warning("The appliance was not told that this worker leaves: %s", error)

    def extend(self, task: Task, progress: float | None = None) -> bool:
        """Prolong the lease and say how far the work is (0 to 1); False if the task is somebody else's now, or gone."""
        try:
            self._origin.tell(_path(task, "extend"), {"progress": progress})
        except Superseded:
            return False
        return True

    def release(self, task: Task) -> None:
        """Hand the task back untouched, if the appliance listens; else the lease runs out."""
        try:
            self._origin.tell(_path(task, "release"), seconds=HASTY_SECONDS)
        except MatineeError as error:
            _log.warning("Task %d was not handed back: %s", task.id, error)

    def failed(self, task: Task, error: MatineeError) -> None:
        """Say why the task could not be done. Raises Unfit for what is this machine's fault and not the film's."""
        if isinstance(error, NoSpace) or error.code == "conflict.init":
            self.release(task)
            raise Unfit(error.message) from error
        told = {"code": error.code, "message": error.message, "permanent": error.permanent}
        try:
            self._origin.insist(_path(task, "fail"), told)
        except Superseded as lost:
            _log.info("Task %d was left to others: %s", task.id, lost)

    @contextmanager
    def folder(self, task: Task) -> Iterator[Path]:
        """Return an empty folder for this attempt, which is gone when the block ends."""
        with ExitStack() as stack:
            self._film = stack.enter_context(self._originals.reading(task.video_id, self._held.size))
            self._part = True
            yield Path(stack.enter_context(TemporaryDirectory(dir=self._attempts)))

    def original(self, task: Task) -> Path:
        """Return the file as it was uploaded, with holes where the piece needs nothing."""
        film = self._film
        assert film is not None, "an original is read within the folder of an attempt"

        def ensure(spans: Sequence[Span] | None) -> None:
            film.ensure(lambda start, end, tag: self._origin.fetch(_path(task, "original"), start, end, tag), spans)

        spans = window(film.path, self._held.size, ensure, self._held.assignment) if self._part else None
        self._part = spans is not None
        ensure(spans)
        return film.path

    def read_whole(self) -> bool:
        """Read the film whole from now on; False if that is how it was read already."""
        part, self._part = self._part, False
        return part

    def assignment(self, task: Task) -> Assignment:
        """Return what the task of a piece is about."""
        assert task == self._held.task, "a process does one task at a time"
        return self._held.assignment

    def publish(self, task: Task, folder: Path, made: Sequence[MadePiece]) -> None:
        """Send all that the task made and have it published, in one step.

        Raises Superseded, Conflict, Gone, and MediaFailed if a film that was read in part held less than it promises.
        """
        assert self._film is not None, "what is published was made in the folder of an attempt"
        if self._part and not is_whole(self._film.path, folder, self._held.assignment, made):
            raise MediaFailed("The film has to be read whole for this piece.", code="media-failed.part")
        files = [
            {"rendition": piece.rendition, "name": path.name, **self._send(task, path)}
            for piece in made
            if piece.count
            for path in sorted((folder / piece.rendition).iterdir())
        ]
        told = {"made": [handover.made_to_dict(piece) for piece in made], "files": files}
        self._origin.insist(_path(task, "publish"), told)

    def _send(self, task: Task, path: Path) -> dict[str, int | str]:
        content = path.read_bytes()
        digest = hashlib.sha256(content).digest()
        place = _path(task, f"files/{path.parent.name}/{path.name}")
        self._origin.send(place, content, base64.b64encode(digest).decode())
        return {"size": len(content), "sha256": digest.hex()}

    @property
    def _held(self) -> Errand:
        assert self._errand is not None, "only a claimed task is asked about"
        return self._errand


def _path(task: Task, what: str) -> str:
    return f"{task.id}/{task.fence}/{what}"
