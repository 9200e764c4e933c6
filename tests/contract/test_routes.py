"""Every route of every application either stands in the table of public ones or refuses a stranger.

The applications are the real ones; nothing runs behind them, since whoever is nobody must be refused before anything
is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from server import settings
from server.container import Container
from server.services.accounts import Accounts
from server.web import app, sockets
from server.web.sockets import app as sockets_app

ADDRESS = "https://localhost"
PLACEHOLDER = "2" * 12

# Method and rule, and why charlie may come in.
PUBLIC = {
    ("GET", "/healthz"): "whoever watches over the process is nobody in particular",
    ("GET", "/welcome"): "the first run comes before anybody has an account; it asks for the one-time code",
    ("POST", "/welcome"): "the same",
    ("GET", "/sign-in"): "how else would one come in",
    ("POST", "/sign-in"): "the same",
    ("POST", "/sign-out"): "leaving twice does no harm",
    ("OPTIONS", "/api/v1/uploads"): "what tus offers is no secret",
    ("OPTIONS", "/api/v1/uploads/<upload_id>"): "the same",
    ("GET", "/internal/waiting"): "nginx alone reaches it, after it has checked the ticket (media.conf.j2)",
}

Route = tuple[str, str]


class SettledAccounts(Accounts):
    """An appliance whose first run is over."""

    def first_run_open(self) -> bool:
        return False


def applications() -> dict[str, Flask]:
    """Return the applications of both processes, made for settings that lead nowhere."""
    tables = {
        "paths": {"state": "/nowhere", "media": "/nowhere", "run": "/nowhere"},
        "database": {"host": "/nowhere"},
        "redis": {"socket": "/nowhere"},
        "web": {"address": ADDRESS},
    }
    container = Container(settings.parse(tables, "test"))
    container.__dict__["accounts"] = SettledAccounts()
    return {"web": app.create_app(container), "sockets": sockets_app.create_app(container)}
