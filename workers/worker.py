"""RQ's worker, made safe: one entry point, no orphans, and a quick, honest good-bye."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any

import rq
from redis import RedisError
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job

from server.domain.worker import BEAT_SECONDS, WorkerState
from server.queue.doorbell import ENTRY_POINT
from workers.attempt import leave
from workers.shift import run

# How often a paused worker looks whether it may go on.
LOOK_SECONDS = 2.0

_PR_SET_PDEATHSIG = 1

_log = logging.getLogger(__name__)


class Ring(Job):
    """A job as Matinee's workers understand it: one function, no callbacks.

    RQ imports whatever name it finds in Redis, so whoever can write to Redis could run any code in a worker; here
    every name but one is refused.
    """

    success_callback = failure_callback = stopped_callback = property(lambda _: None)

    @property
    def func(self) -> Callable[..., Any]:
        """The one entry point. Raises PermissionError for any other name."""
        if self.func_name != ENTRY_POINT:
            raise PermissionError(f"Redis asked for {self.func_name!r}; workers run {ENTRY_POINT!r} only.")
        return run


class Worker(rq.Worker):
    """Serves one queue. On SIGTERM its work-horse hands back the task it holds and both leave within seconds.

    `stand` says to the register of workers that this one lives, and returns what it has been told to do. It is called
    between two waits for a ring and while the work-horse works, always by the one thread of this process, which forks.
    """

    job_class = Ring

    def __init__(self, queue: rq.Queue, stand: Callable[[], WorkerState], **options: Any) -> None:
        """Serve `queue`, waiting for nothing longer than a beat."""
        super().__init__([queue], worker_ttl=2 * BEAT_SECONDS, job_monitoring_interval=BEAT_SECONDS, **options)
        self._stand = stand
        self.drained = False

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, rq.Queue] | None:
        """Wait for a ring. A paused worker does not listen, so that it takes no ring from others; a drained one leaves.

        Raises StopRequested when it has been told to leave.
        """
        while max_idle_time is None:
            state = self._stand()
            if state is WorkerState.DRAINING:
                self.drained = True
                raise StopRequested
            if state is WorkerState.PAUSED:
                with suppress(RedisError):
                    self.heartbeat()
                time.sleep(LOOK_SECONDS)
            elif found := super().dequeue_job_and_maintain_ttl(timeout, BEAT_SECONDS):
                return found
            if self._stop_requested:
                raise StopRequested
        return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Ask the work-horse to leave, too; RQ alone would let it finish first, however long that takes."""
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ leaves it untyped

    def setup_work_horse_signals(self) -> None:
        """In the work-horse: SIGTERM means that the shift is over, also when the parent dies without a word."""
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, leave)
        if os.getppid() != self.pid:  # it died before the kernel was told whom to watch
            os.kill(os.getpid(), signal.SIGTERM)

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Tell Redis that this worker lives; the work goes on when Redis does not listen."""
        try:
            super().maintain_heartbeats(job, execution)
        except RedisError as error:
            _log.warning("Redis does not answer (%s); the work goes on.", error)
        self._stand()
