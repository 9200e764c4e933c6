"""RQ's worker, made safe: one entry point, no orphans, and a quick, honest good-bye."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

import rq
from redis import RedisError
from rq.executions import Execution
from rq.job import Job

from server.queue.doorbell import ENTRY_POINT
from workers.shift import ShiftOver, run

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
    """Serves one queue. On SIGTERM its work-horse hands back the task it holds and both leave within seconds."""

    job_class = Ring

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Ask the work-horse to leave, too; RQ alone would let it finish first, however long that takes."""
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ leaves it untyped

    def setup_work_horse_signals(self) -> None:
        """In the work-horse: SIGTERM means that the shift is over, also when the parent dies without a word."""
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, _leave)
        if os.getppid() != self.pid:  # it died before the kernel was told whom to watch
            os.kill(os.getpid(), signal.SIGTERM)

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """Tell Redis that this worker lives; the work goes on when Redis does not listen."""
        try:
            super().maintain_heartbeats(job, execution)
        except RedisError as error:
            _log.warning("Redis does not answer (%s); the work goes on.", error)


def _leave(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the signature is a signal handler's
    # Once is enough: the task is being handed back now, and a second signal must not interrupt that.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise ShiftOver
