"""The web application: wires its parts and does nothing else."""

from __future__ import annotations

from flask import Flask

from server.container import Container
from server.web import assets, auth, errors, headers
from server.web.api import api
from server.web.pages import pages

# Forms are a handful of short fields; films never come as forms.
MAX_FORM_BYTES = 64 * 1024
MAX_FORM_PARTS = 20


def create_app(container: Container) -> Flask:
    """Return the application that answers for `container`."""
    app = Flask("server.web", static_folder=None)
    app.config.update(MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES, MAX_FORM_PARTS=MAX_FORM_PARTS)
    app.extensions["matinee"] = container
    for part in (errors, auth, headers, assets):
        part.init_app(app)
    app.register_blueprint(api)
    app.register_blueprint(pages)
    return app
