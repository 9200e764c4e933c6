"""`python -m workers.scrubber`: reads everything that is stored, slowly, and has made again what the disk has lost.

A process of its own, so that hours of reading delay nothing else; at the lowest priority, and hardly reading at all
while others wait for the disk. It may be killed at any moment: a run goes on where it was.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable

from server import settings
from server.container import Container
from server.errors import MatineeError

LOOK_SECONDS = 2.0
LOWEST_PRIORITY = 19  # nice(2), which the disk's scheduler follows, too

_log = logging.getLogger(__name__)


class Leave(BaseException):
    """The process has been asked to end. Not an Exception, so that no broad handler swallows it."""


def main() -> None:
    """Scrub until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    os.nice(LOWEST_PRIORITY)
    container = Container(settings.load())
    leave = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: leave.set())

    def pause(seconds: float) -> None:
        if leave.wait(seconds):
            raise Leave

    try:
        while True:
            if not _work(container, pause):
                pause(LOOK_SECONDS)
            pause(0)
    except Leave:
        container.close()


def _work(container: Container, pause: Callable[[float], None]) -> bool:
    try:
        return container.scrub.work(pause)
    except (MatineeError, OSError) as error:
        _log.warning("A part of the scrub was put off: %s", error)
        return False


if __name__ == "__main__":
    main()
