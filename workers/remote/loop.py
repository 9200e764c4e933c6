"""The life of a worker on another machine: claim, work, claim again, until it is told to leave."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from server.domain.backoff import Backoff
from server.domain.task import Task, TaskKind
from server.errors import Gone, MediaFailed, Unavailable, Unplayable
from workers.attempt import ShiftOver, leave, perform
from workers.jobs import audio_piece, video_piece
from workers.jobs.job import PieceContext, PieceJob
from workers.lease import Lease
from workers.remote.desk import RemoteDesk, Unfit
from workers.remote.origin import Origin, Refused
from workers.remote.originals import Originals

# After work that others should have; they have taken it then.
UNFIT_SECONDS = 60.0
MOST_SECONDS = 15.0  # between two attempts at reaching the appliance

JOBS: dict[TaskKind, PieceJob] = {TaskKind.VIDEO_PIECE: video_piece.run, TaskKind.AUDIO_PIECE: audio_piece.run}

_log = logging.getLogger(__name__)


def serve(origin: Origin, root: Path, max_bytes: int) -> bool:
    """Work for `origin` until SIGTERM, or until the appliance says to leave; return whether it did.

    Below `root` lie the originals, at most `max_bytes` of them, and attempts; processes share it. Raises
    Unauthenticated if the appliance does not know the token, Conflict if it is of another version.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    with _attempts(root) as attempts:
        desk = RemoteDesk(origin, Originals(root / "originals", max_bytes), attempts)
        backoff = Backoff(first=0.5, most=MOST_SECONDS)
        try:
            while True:
                try:
                    _work(desk)
                    backoff.reset()
                except (Unavailable, Refused) as error:
                    delay = backoff.next()
                    _log.warning("%s Trying again in %.1f s.", error, delay)
                    time.sleep(delay)
                except Unfit as error:
                    _log.error("%s Going on in %.0f s.", error, UNFIT_SECONDS)
                    time.sleep(UNFIT_SECONDS)
        except (ShiftOver, Gone) as error:
            desk.leave()
            return isinstance(error, Gone)
        finally:
            origin.close()


def _work(desk: RemoteDesk) -> None:
    task = desk.claim(JOBS)
    if task is not None:
        _do(desk, task)


def _do(desk: RemoteDesk, task: Task) -> None:
    def job(lease: Lease, folder: Path) -> None:
        context = PieceContext(desk=desk, task=task, lease=lease, folder=folder)
        try:
            JOBS[task.kind](context)
        except (MediaFailed, Unplayable) as error:
            lease.check()
            if not desk.read_whole():
                raise
            _log.info("Task %d is done again from the whole film: %s", task.id, error)
            for made in folder.iterdir():
                shutil.rmtree(made) if made.is_dir() else made.unlink()
            JOBS[task.kind](context)

    perform(desk, task, job)


@contextmanager
def _attempts(root: Path) -> Iterator[Path]:
    """Give this process a folder of its own, and delete those of processes that were killed."""
    shared = root / "attempts"
    shared.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        with _opened(shared) as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            for left in shared.iterdir():
                with _opened(left) as held, suppress(BlockingIOError):
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(left, ignore_errors=True)
            own = Path(stack.enter_context(TemporaryDirectory(dir=shared)))
            fcntl.flock(stack.enter_context(_opened(own)), fcntl.LOCK_EX)
        yield own


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
