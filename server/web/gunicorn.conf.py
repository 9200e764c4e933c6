"""gunicorn for pages and API. The first statements replace blocking calls, before anything else is imported."""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

from typing import Any  # noqa: E402

from psycogreen.gevent import patch_psycopg  # noqa: E402

from server import settings as matinee  # noqa: E402

_settings = matinee.load()

bind = f"unix:{_settings.paths.run / 'web.sock'}"
umask = 0o007
worker_class = "gevent"
workers = _settings.web.workers
worker_connections = 1000
timeout = 60
graceful_timeout = 3
keepalive = 75
control_socket_disable = True  # its default place is under the user's home
forwarded_allow_ips = "*"  # only nginx reaches the socket, and it overwrites these headers
errorlog = "-"
proc_name = "matinee-web"


def post_fork(server: Any, worker: Any) -> None:  # noqa: ARG001  # the signature is gunicorn's
    """Let PostgreSQL's driver wait in the event loop; without this one slow query stops every request."""
    patch_psycopg()
