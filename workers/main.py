"""`python -m workers.main QUEUE`: a worker process for one queue, in the appliance or on another machine."""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
from importlib.metadata import version
from pathlib import Path

from rq import Queue as RQQueue

from server import settings
from server.container import Container
from server.domain.task import Queue
from server.domain.worker import Identity, WorkerState
from server.errors import Conflict, Invalid, Unauthenticated, Unavailable
from server.queue.doorbell import SERIALIZER
from server.store import database
from workers.media import sandbox
from workers.media.encoders.choice import chosen
from workers.remote.loop import serve
from workers.remote.origin import Origin
from workers.worker import Worker

# The exit code of a worker that was told to leave; whoever watches over it does not start it again.
DRAINED = 75

# Encoding gives way to pages, to copies, and to the piece that somebody waits for.
NICENESS = 10

_log = logging.getLogger(__name__)


def main() -> None:
    """Serve the queue named on the command line until told to leave. No sandbox, no start."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    sandbox.ensure()
    drained = _serve_remotely(arguments) if arguments.origin else _serve_here(arguments.queue)
    if drained:
        sys.exit(DRAINED)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="workers.main", description=__doc__)
    parser.add_argument("queue", choices=[queue.value for queue in Queue], help="the one queue to serve")
    remote = parser.add_argument_group("on another machine than the appliance (heavy work only)")
    remote.add_argument("--origin", help="address of the appliance, https://host:port")
    remote.add_argument("--token-file", type=Path, help="the file that `matinee worker enroll` wrote")
    remote.add_argument("--ca", type=Path, help="the appliance's certificate authority, state/tls/ca.crt there")
    remote.add_argument("--folder", type=Path, default=Path.home() / ".cache/matinee", help="for films and work")
    remote.add_argument("--keep-gib", type=float, default=50.0, help="how much of films is kept there at most")
    arguments = parser.parse_args()
    if arguments.origin and not (arguments.queue == Queue.HEAVY and arguments.token_file and arguments.ca):
        parser.error("--origin serves the queue heavy, and needs --token-file and --ca")
    return arguments


def _serve_remotely(arguments: argparse.Namespace) -> bool:
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        origin = Origin(arguments.origin, arguments.token_file, arguments.ca)
        return serve(origin, arguments.folder, int(arguments.keep_gib * settings.GIB))
    except (Unauthenticated, Conflict, Invalid) as error:
        sys.exit(error.message)


def _serve_here(queue: str) -> bool:
    container = Container(settings.load())
    if queue == Queue.HEAVY:
        os.nice(NICENESS)
    if queue != Queue.LIGHT:
        chosen(container.settings.media.encoder)  # before the first fork: its children share what it learns
    owner = f"{socket.gethostname()}:{queue}:{os.getpid()}"
    register = Register(container, Identity(owner, socket.gethostname(), queue, os.getpid(), version("matinee")))
    worker = Worker(
        RQQueue(queue, connection=container.redis, serializer=SERIALIZER),
        register.stand,
        name=owner,
        connection=container.redis,
        serializer=SERIALIZER,
        work_horse_killed_handler=lambda *_: _put_back(container, owner),
        log_job_description=False,
    )
    try:
        worker.work(logging_level="WARNING")
    finally:
        register.leave()
    return worker.drained


class Register:
    """This worker's line in the register; every look at it has a connection of its own, for work-horses are forked."""

    def __init__(self, container: Container, identity: Identity) -> None:
        self._workers = container.workers
        self._identity = identity
        self._state = WorkerState.ACTIVE

    def stand(self) -> WorkerState:
        """Say that the worker lives; return what it has been told to do (what it knew, if PostgreSQL is away)."""
        try:
            self._state = self._workers.beat(self._identity)
        except Unavailable as error:
            _log.warning("The register of workers is out of reach: %s", error)
        finally:
            database.close()
        return self._state

    def leave(self) -> None:
        """Strike the worker off."""
        try:
            self._workers.leave(self._identity.name)
        except Unavailable as error:
            _log.warning("The worker is shown as lost for a while: %s", error)
        finally:
            database.close()


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
