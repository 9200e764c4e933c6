"""gunicorn for WebSockets. The first statements replace blocking calls, before anything else is imported."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402
import resource  # noqa: E402
import signal  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from psycogreen.gevent import patch_psycopg  # noqa: E402

from server import settings as matinee  # noqa: E402

bind = f"unix:{matinee.load().paths.run / 'sockets.sock'}"
umask = 0o007
worker_class = "gevent"
workers = 1  # one feed for everybody
worker_connections = 4200  # above endpoint.MAX_CLIENTS, so that one too many is told why
timeout = 60
graceful_timeout = 2
control_socket_disable = True  # its default place is under the user's home
forwarded_allow_ips = "*"  # only nginx reaches the socket, and it overwrites these headers
errorlog = "-"
proc_name = "matinee-sockets"


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001  # the signature is gunicorn's
    """Let PostgreSQL's driver wait in the event loop, and allow a file descriptor for every client."""
    patch_psycopg()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def post_worker_init(worker: Any) -> None:
    """Run the feed, and let clients know when the process ends; a process whose feed has failed is of no use."""
    feed = worker.wsgi.extensions["feed"]
    gevent.spawn(feed.run).link(lambda _: os.kill(os.getpid(), signal.SIGTERM))
    leave = worker.handle_exit

    def dismiss_and_leave(number: int, frame: Any) -> None:
        gevent.spawn(feed.dismiss)
        leave(number, frame)

    signal.signal(signal.SIGTERM, dismiss_and_leave)
