"""/api/v1/scrub: is everything still as it was stored."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from server.web.auth import container, current_user

scrub = Blueprint("scrub", __name__)


@scrub.get("")
def show() -> dict[str, Any]:
    """Describe what is stored, and the last runs."""
    return container().scrub.report(current_user())


@scrub.post("")
def ask() -> tuple[dict[str, Any], int]:
    """Have the library, or the one film in `video`, checked next."""
    return container().scrub.ask(current_user(), request.args.get("video")), 202
