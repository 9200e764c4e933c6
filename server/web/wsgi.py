"""`application` for gunicorn: pages and API."""

from __future__ import annotations

import gevent

from server import settings
from server.container import Container
from server.web.app import create_app

application = create_app(Container(settings.load(), off_loop=gevent.get_hub().threadpool.apply))
