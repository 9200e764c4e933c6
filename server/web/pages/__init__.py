"""Pages for people: rendered here first, made lively by TypeScript afterwards."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from server.errors import Unavailable
from server.web.auth import container, signed_in
from server.web.pages.accounts import accounts
from server.web.pages.library import library

pages = Blueprint("pages", __name__)


@pages.app_context_processor
def _everywhere() -> dict[str, Any]:
    """What the frame of every page shows; the position is read first, so that no event falls between."""
    try:
        session = signed_in()
        position = container().activity.newest_position() if session else None
    except Unavailable:
        session = None  # the page that says so needs a frame, too
    if session is None:
        return {"user": None, "csrf": "", "position": None}
    return {
        "user": {"name": session.user.name, "role": session.user.role.value},
        "csrf": session.csrf,
        "position": position,
    }


pages.register_blueprint(accounts)
pages.register_blueprint(library)
