"""The application of the sockets process: wires its parts and does nothing else."""

from __future__ import annotations

from flask import Flask

from server.container import Container
from server.web import errors
from server.web.sockets import endpoint
from server.web.sockets.feed import Feed


def create_app(container: Container) -> Flask:
    """Return the application that answers for `container`; its feed, `extensions["feed"]`, still has to be run."""
    app = Flask("server.web.sockets", static_folder=None)
    app.extensions["matinee"] = container
    activity = container.activity
    feed = Feed(container.broadcast.listen, activity.after, activity.newest_position)
    app.extensions["feed"] = feed
    errors.init_app(app)
    endpoint.init_app(app, feed)
    app.add_url_rule("/healthz", view_func=_healthz)
    return app


def _healthz() -> dict[str, bool]:
    return {"ok": True}
