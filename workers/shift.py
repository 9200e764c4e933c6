"""A shift: what a worker does when the doorbell rings.

It takes the most urgent task of its queue, works on it under a lease, and goes on until nothing waits or the shift is
over; then it passes the bell on.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from server import settings
from server.container import Container
from server.domain.task import Queue, Task, TaskKind
from server.errors import Unavailable
from workers.attempt import ShiftOver, perform
from workers.desk import LocalDesk
from workers.jobs import (
    analysis,
    audio_piece,
    captions,
    copy_piece,
    iframes,
    loudness,
    plan,
    poster,
    remux,
    storyboard,
    video_piece,
)
from workers.jobs.job import Job, JobContext
from workers.lease import Lease

SHIFT_SECONDS = 60.0
PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.5

JOBS: dict[TaskKind, Job] = {
    TaskKind.PLAN: plan.run,
    TaskKind.POSTER: poster.run,
    TaskKind.CAPTIONS: captions.run,
    TaskKind.STORYBOARD: storyboard.run,
    TaskKind.IFRAMES: iframes.run,
    TaskKind.LOUDNESS: loudness.run,
    TaskKind.ANALYSIS: analysis.run,
    TaskKind.REMUX: remux.run,
    TaskKind.COPY_PIECE: copy_piece.run,
    TaskKind.VIDEO_PIECE: video_piece.run,
    TaskKind.AUDIO_PIECE: audio_piece.run,
}

_log = logging.getLogger(__name__)


def run(queue_name: str) -> None:
    """Answer one ring of `queue_name`. Called by RQ in a work-horse, after its fork."""
    container, owner = Container(settings.load()), os.environ["RQ_WORKER_ID"]
    try:
        work(container, Queue(queue_name), owner)
    except ShiftOver:
        # The signal may have come between a claim and the work on it.
        container.tasks.release_owner(owner, blameless=True)
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
            container.tasks.release_owner(owner, blameless=True)
        except Unavailable:
            time.sleep(LOOK_SECONDS)
        else:
            return


def work(container: Container, queue: Queue, owner: str) -> None:
    """Take tasks of `queue` until none waits or the shift is over."""
    desk, end = LocalDesk(container), time.monotonic() + SHIFT_SECONDS
    while (task := container.work.claim(queue, owner)) is not None:
        _perform(container, desk, task)
        if time.monotonic() > end:
            container.doorbell.ring(queue)
            return


def _perform(container: Container, desk: LocalDesk, task: Task) -> None:
    def job(lease: Lease, folder: Path) -> None:
        JOBS[task.kind](JobContext(container=container, desk=desk, task=task, lease=lease, folder=folder))

    perform(desk, task, job)
