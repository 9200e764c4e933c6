"""/api/v1/status: how the appliance is doing."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from server.web.auth import container, current_user

status = Blueprint("status", __name__)


@status.get("")
def show() -> dict[str, Any]:
    """Describe the parts, the queues and the space."""
    return container().status.report(current_user())
