"""/api/v1/tickets: the right to play, for programs and for players that play longer than a ticket lasts."""

from __future__ import annotations

from flask import Blueprint, Response

from server.web.auth import current_user, give_ticket

tickets = Blueprint("tickets", __name__)


@tickets.post("")
def create() -> Response:
    """Hand out a fresh ticket as a cookie for /media/."""
    response = Response(status=204)
    give_ticket(response, current_user())
    return response
