"""`/ws/events?after=<position>&video=<id>`: events as they happen, for whoever may watch.

`after` resumes behind the last position that the client has; without it only what happens from now on is told.
`video` may repeat and limits the events to those videos.
"""

from __future__ import annotations

from flask import Flask, g, request
from flask_sock import Sock
from simple_websocket import Server

from server.domain import permission
from server.domain.permission import Action
from server.errors import Forbidden, Invalid, Unavailable
from server.web import auth
from server.web.sockets.client import Client
from server.web.sockets.feed import Feed
from server.web.sockets.sender import Sender

PATH = "/ws/events"
MAX_CLIENTS = 4000
MAX_VIDEOS = 100


def init_app(app: Flask, feed: Feed) -> None:
    """Serve the endpoint from `feed`."""

    def admit() -> None:
        if request.path == PATH:
            _admit(feed)

    def events(websocket: Server) -> None:
        websocket.ws = websocket.ws.connection  # lets go of the handshake and its HTTP parser: a tenth of the memory
        client = Client(websocket.sock, feed, auth.container().activity, g.videos)
        client.serve(websocket, g.after, _recognise)

    app.before_request(admit)
    Sock(app).route(PATH)(events)


def _admit(feed: Feed) -> None:
    """Refuse the handshake, or prepare it: a connection that is open cannot be told why in plain HTTP any more."""
    bearer = request.authorization is not None and request.authorization.type == "bearer"
    web = auth.container().settings.web
    if not bearer and request.headers.get("Origin") not in (web.address, *web.other_origins):
        raise Forbidden(f"Only pages of {web.address} may connect here.", code="forbidden.origin")
    _recognise()
    g.after, g.videos = _position(), frozenset(request.args.getlist("video"))
    if len(g.videos) > MAX_VIDEOS:
        raise Invalid(f"At most {MAX_VIDEOS} videos can be named; leave them out to follow all.", code="invalid.video")
    if feed.followers >= MAX_CLIENTS:
        raise Unavailable("Too many pages are open at once; try again in a moment.", code="unavailable.sockets")
    if feed.position is None:
        raise Unavailable("Events are not ready yet; try again in a moment.", code="unavailable.sockets")
    # Compression would cost four times the memory and twice the computing per client, for messages this small.
    request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
    if "gunicorn.socket" in request.environ:
        request.environ["gunicorn.socket"] = Sender(request.environ["gunicorn.socket"])


def _recognise() -> None:
    """Find out anew who listens. Raises Unauthenticated, Forbidden or Unavailable."""
    permission.require(auth.current_user().role, Action.WATCH)
    for found in ("user", "session"):
        g.pop(found, None)


def _position() -> int | None:
    text = request.args.get("after")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Invalid("`after` must be the position of an event: a whole number.", code="invalid.after")
    return int(text)
