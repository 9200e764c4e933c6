"""One attempt at a claimed task. Every outcome is decided here, from the class of the error alone."""

from __future__ import annotations

import errno
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from server.domain.task import Task
from server.errors import MatineeError, NoSpace, Superseded
from workers.desk import Desk
from workers.lease import Lease

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_log = logging.getLogger(__name__)


class ShiftOver(BaseException):
    """The worker has been asked to leave. Not an Exception, so that no broad handler swallows it."""


def leave(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the signature is a signal handler's
    """End the shift, as the handler of a signal. Raises ShiftOver in whatever is being done."""
    # Once is enough: the task is being handed back now, and a second signal must not interrupt that.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise ShiftOver


class Unexpected(MatineeError):
    """An error that nobody foresaw; it may pass, so the task is tried again."""

    permanent = False


def perform(desk: Desk, task: Task, job: Callable[[Lease, Path], None]) -> None:
    """Do one claimed task and settle what became of it. Raises ShiftOver after handing the task back."""
    try:
        with desk.folder(task) as folder, Lease(desk.extend, task, desk.heartbeat_seconds) as lease:
            job(lease, folder)
    except ShiftOver:
        desk.release(task)
        raise
    except Superseded as lost:
        _log.info("Task %d was left to others: %s", task.id, lost)
    except MatineeError as error:
        desk.failed(task, error)
    except Exception as error:  # whatever it is, the task must not be left without an owner
        _log.exception("Task %d (%s %s) met an unexpected error.", task.id, task.kind, task.key)
        desk.failed(task, _named(error))


def _named(error: Exception) -> MatineeError:
    if isinstance(error, OSError) and error.errno in _FULL:
        return NoSpace("The disk for videos is full. Free some space; it is tried again.", code="no-space.disk")
    return Unexpected(f"An unexpected error stopped the work: {type(error).__name__}.")
