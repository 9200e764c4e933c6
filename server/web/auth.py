"""Who asks, and whether the question really comes from our own pages.

Browsers are known by an opaque session cookie, programs by a bearer token. A browser's writes must come from one of our
own origins (Origin and Fetch Metadata) and, once signed in, carry the session's CSRF token.
"""

from __future__ import annotations

import hmac

from flask import Flask, Response, current_app, g, request

from server.container import Container
from server.domain.user import User
from server.errors import Forbidden, Unauthenticated
from server.keystore import tickets
from server.services.sessions import SignedIn

SESSION_COOKIE = "__Host-matinee"

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def container() -> Container:
    """Return the parts that this application was made for."""
    found: Container = current_app.extensions["matinee"]
    return found


def current_user() -> User:
    """Return who asks. Raises Unauthenticated."""
    user: User | None = g.get("user")
    if user is None:
        user = g.user = _identify()
    return user


def signed_in() -> SignedIn | None:
    """Return the browser session of this request, or None."""
    if "session" not in g:
        try:
            g.session = container().sessions.recognise(request.cookies.get(SESSION_COOKIE))
        except Unauthenticated:
            g.session = None
    found: SignedIn | None = g.session
    return found


def begin_session(response: Response, user: User) -> None:
    """Sign the browser in with a fresh session; one that it had before ends."""
    _end_former()
    value = container().sessions.begin(user)
    seconds = container().settings.web.session_absolute_seconds
    response.set_cookie(SESSION_COOKIE, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="Lax")
    give_ticket(response, user)


def end_session(response: Response) -> None:
    """Sign the browser out."""
    _end_former()
    response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
    response.delete_cookie(tickets.COOKIE, path="/media/", secure=True, httponly=True, samesite="Strict")


def _end_former() -> None:
    value = request.cookies.get(SESSION_COOKIE)
    if value:
        container().sessions.end(value)


def give_ticket(response: Response, user: User) -> None:
    """Hand out a fresh ticket; nginx asks for it before it serves any byte of video."""
    response.set_cookie(
        tickets.COOKIE,
        container().playback.ticket(user),
        max_age=tickets.SECONDS,
        path="/media/",
        secure=True,
        httponly=True,
        samesite="Strict",
    )


def init_app(app: Flask) -> None:
    """Guard every request that changes something."""
    app.before_request(_refuse_forgery)


def _identify() -> User:
    token = _bearer()
    if token is not None:
        return container().accounts.user_of_token(token)
    session = signed_in()
    if session is None:
        raise Unauthenticated("Nobody is signed in here, or the session is over. Sign in to go on.")
    return session.user


def _bearer() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _refuse_forgery() -> None:
    """Refuse a write that another site made a browser send. A bearer token is never sent by a browser on its own."""
    if request.method in _SAFE or _bearer() is not None:
        return
    web = container().settings.web
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin not in (web.address, *web.other_origins) or site not in (None, "same-origin"):
        raise Forbidden(
            f"This request does not come from a page of {web.address}, so it was not carried out.",
            code="forbidden.origin",
        )
    session = signed_in()
    if session is not None and not hmac.compare_digest(session.csrf.encode(), _csrf_given().encode()):
        raise Forbidden("This page is out of date; load it again and repeat what you did.", code="forbidden.csrf")


def _csrf_given() -> str:
    header = request.headers.get("X-CSRF-Token")
    return header if header is not None else request.form.get("csrf_token", "")
