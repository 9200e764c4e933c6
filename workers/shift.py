"""A shift: what a worker does when the doorbell rings.

It takes the most urgent task of its queue, works on it under a lease, and goes on until nothing waits or the shift is
over; then it passes the bell on. Every outcome of a task is decided here, from the class of the error alone.
"""

from __future__ import annotations

import errno
import logging
import os
import time

from server import settings
from server.container import Container
from server.domain.task import Queue, Task, TaskKind
from server.errors import MatineeError, NoSpace, Superseded, Unavailable
from workers.jobs import audio_piece, plan, poster, video_piece
from workers.jobs.job import Job, JobContext
from workers.lease import Lease

SHIFT_SECONDS = 60.0
PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.5

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

JOBS: dict[TaskKind, Job] = {
    TaskKind.PLAN: plan.run,
    TaskKind.POSTER: poster.run,
    TaskKind.VIDEO_PIECE: video_piece.run,
    TaskKind.AUDIO_PIECE: audio_piece.run,
}

_log = logging.getLogger(__name__)


class ShiftOver(BaseException):
    """The worker has been asked to leave. Not an Exception, so that no broad handler swallows it."""


def run(queue_name: str) -> None:
    """Answer one ring of `queue_name`. Called by RQ in a work-horse, after its fork."""
    container, owner = Container(settings.load()), os.environ["RQ_WORKER_ID"]
    try:
        work(container, Queue(queue_name), owner)
    except ShiftOver:
        # The signal may have come between a claim and the work on it.
        container.tasks.release_owner(owner)
    except Unavailable as error:
        _log.warning("The shift ends early: %s", error)
        _put_back(container, owner)
    finally:
        container.close()


def _put_back(container: Container, owner: str) -> None:
    """Put back what `owner` holds as soon as PostgreSQL answers again; if that takes too long, the lease runs out."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            container.tasks.release_owner(owner)
        except Unavailable:
            time.sleep(LOOK_SECONDS)
        else:
            return


def work(container: Container, queue: Queue, owner: str) -> None:
    """Take tasks of `queue` until none waits or the shift is over."""
    end = time.monotonic() + SHIFT_SECONDS
    while (task := container.tasks.claim(queue, owner)) is not None:
        perform(container, task)
        if time.monotonic() > end:
            container.doorbell.ring(queue)
            return


def perform(container: Container, task: Task) -> None:
    """Do one claimed task and settle what became of it. Raises ShiftOver after handing the task back."""
    library, limits = container.library, container.settings.tasks
    folder = library.prepare_attempt(task.id, task.fence)
    try:
        with Lease(container.tasks, task, limits.heartbeat_seconds) as lease:
            container.preparation.refuse_poison(task)
            JOBS[task.kind](JobContext(container, task, lease, folder))
    except ShiftOver:
        container.tasks.release(task)
        raise
    except Superseded as lost:
        _log.info("Task %d was left to others: %s", task.id, lost)
    except MatineeError as error:
        container.preparation.failed(task, error)
    except Exception as error:  # whatever it is, the task must not be left without an owner
        _log.exception("Task %d (%s %s) met an unexpected error.", task.id, task.kind, task.key)
        container.preparation.failed(task, _named(error))
    finally:
        library.discard_attempt(task.id, task.fence)


def _named(error: Exception) -> MatineeError:
    if isinstance(error, OSError) and error.errno in _FULL:
        return NoSpace("The disk for videos is full. Free some space; it is tried again.", code="no-space.disk")
    return Unexpected(f"An unexpected error stopped the work: {type(error).__name__}.")


class Unexpected(MatineeError):
    """An error that nobody foresaw; it may pass, so the task is tried again."""

    permanent = False
