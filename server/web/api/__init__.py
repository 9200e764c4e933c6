"""The API under /api/v1, and what nginx asks on behalf of a player. Thin: parse, call the service, render."""

from __future__ import annotations

from flask import Blueprint

from server.web.api.health import health
from server.web.api.scrub import scrub
from server.web.api.segments import segments
from server.web.api.status import status
from server.web.api.tasks import tasks
from server.web.api.tickets import tickets
from server.web.api.uploads import uploads
from server.web.api.videos import videos
from server.web.api.work import work
from server.web.api.workers import workers

api = Blueprint("api", __name__)
api.register_blueprint(uploads, url_prefix="/api/v1/uploads")
api.register_blueprint(videos, url_prefix="/api/v1/videos")
api.register_blueprint(status, url_prefix="/api/v1/status")
api.register_blueprint(scrub, url_prefix="/api/v1/scrub")
api.register_blueprint(tasks, url_prefix="/api/v1")
api.register_blueprint(workers, url_prefix="/api/v1/workers")
api.register_blueprint(tickets, url_prefix="/api/v1/tickets")
api.register_blueprint(work, url_prefix="/api/v1/work")
api.register_blueprint(segments, url_prefix="/internal")
api.register_blueprint(health)
