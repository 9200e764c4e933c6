"""`python -m workers.sweeper`: puts right what crashes left behind, every few seconds.

Leases that ran out, doorbells that were lost, uploads that are complete but unfinished or expired, folders that belong
to nothing, events that are old. Any number of sweepers may run: every step is a guarded change of its own.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable

from server import settings
from server.container import Container
from server.errors import MatineeError

RETENTION_DAYS = 30
TIDY_EVERY = 20  # sweeps

_log = logging.getLogger(__name__)


def main() -> None:
    """Sweep until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    container = Container(settings.load())
    leave = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: leave.set())
    sweeps = 0
    while True:
        for step in _steps(container, tidy=sweeps % TIDY_EVERY == 0):
            _try(step)
        sweeps += 1
        if leave.wait(container.settings.tasks.sweep_seconds):
            container.close()
            return


def _steps(container: Container, *, tidy: bool) -> list[Callable[[], object]]:
    steps: list[Callable[[], object]] = [container.room.tell, container.tasks.sweep, container.uploads.repair]
    if tidy:
        steps += [
            container.preparation.repair,
            container.videos.repair,
            container.workers.forget_lost,
            lambda: container.activity.forget(RETENTION_DAYS),
        ]
    return steps


def _try(step: Callable[[], object]) -> None:
    try:
        step()
    except (MatineeError, OSError) as error:
        # The next sweep tries again; one broken step must not keep the others from their work.
        _log.warning("A step of the sweep was put off: %s", error)


if __name__ == "__main__":
    main()
