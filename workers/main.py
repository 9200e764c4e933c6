"""`python -m workers.main QUEUE`: a worker process for one queue."""

from __future__ import annotations

import argparse
import logging
import os
import socket

from rq import Queue as RQQueue

from server import settings
from server.container import Container
from server.domain.task import Queue
from server.errors import Unavailable
from server.queue.doorbell import SERIALIZER
from server.store import database
from workers.media import sandbox
from workers.worker import Worker

_log = logging.getLogger(__name__)


def main() -> None:
    """Serve the queue named on the command line until told to leave. No sandbox, no start."""
    parser = argparse.ArgumentParser(prog="workers.main", description=__doc__)
    parser.add_argument("queue", choices=[queue.value for queue in Queue], help="the one queue to serve")
    queue = parser.parse_args().queue
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    sandbox.ensure()

    container = Container(settings.load())
    owner = f"{socket.gethostname()}:{queue}:{os.getpid()}"
    worker = Worker(
        [RQQueue(queue, connection=container.redis, serializer=SERIALIZER)],
        name=owner,
        connection=container.redis,
        serializer=SERIALIZER,
        work_horse_killed_handler=lambda *_: _put_back(container, owner),
        log_job_description=False,
    )
    worker.work(logging_level="WARNING")


def _put_back(container: Container, owner: str) -> None:
    """Put back what a killed work-horse held; without PostgreSQL the lease runs out, and the sweeper does it."""
    try:
        container.tasks.release_owner(owner)
    except Unavailable as error:
        _log.warning("The task of a killed work-horse waits for the end of its lease: %s", error)
    finally:
        database.close()  # the next work-horse is forked from here


if __name__ == "__main__":
    main()
