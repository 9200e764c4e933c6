"""`application` for gunicorn: WebSockets."""

from __future__ import annotations

from server import settings
from server.container import Container
from server.web.sockets.app import create_app

application = create_app(Container(settings.load()))
