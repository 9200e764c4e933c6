"""Whether this process lives, for whoever watches over it."""

from __future__ import annotations

from flask import Blueprint

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> dict[str, bool]:
    """Answer as long as the process can."""
    return {"ok": True}
