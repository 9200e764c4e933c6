"""From the error tree to answers: problem+json (RFC 9457) for programs, a page for people, one table of statuses."""

from __future__ import annotations

import logging
import secrets
from typing import cast

from flask import Flask, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from server.errors import MatineeError, Unauthenticated

# By code; the longest code that matches wins, so a narrower code may have a status of its own.
STATUS: dict[str, int] = {
    "error": 500,
    "invalid": 400,
    "invalid.content-type": 415,
    "invalid.checksum": 460,  # tus: Checksum Mismatch
    "invalid.tus-version": 412,
    "unauthenticated": 401,
    "forbidden": 403,
    "not-found": 404,
    "gone": 410,
    "conflict": 409,
    "conflict.busy": 423,
    "too-large": 413,
    "no-space": 507,
    "too-many": 429,
    "unavailable": 503,
    "superseded": 409,
}

_TITLES = {
    400: "That cannot be done",
    401: "Please sign in",
    403: "That is not allowed",
    404: "There is nothing here",
    405: "That is not possible here",
    409: "That does not fit right now",
    410: "It is gone",
    413: "That is too large",
    415: "That is of the wrong kind",
    429: "Too often",
    500: "Something went wrong here",
    503: "A part is not answering",
    507: "There is no room",
}

_log = logging.getLogger(__name__)


def status_of(code: str) -> int:
    """Return the HTTP status of an error code."""
    while code not in STATUS:
        code = code.rpartition(".")[0] or "error"
    return STATUS[code]


def init_app(app: Flask) -> None:
    """Answer every error in one form."""
    app.register_error_handler(MatineeError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _known(error: MatineeError) -> Response:
    if isinstance(error, Unauthenticated) and _wants_page() and request.method == "GET":
        return cast(Response, redirect(url_for("pages.accounts.sign_in", next=request.full_path.rstrip("?"))))
    return _answer(status_of(error.code), error.code, error.message)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    response = _answer(status, f"http.{status}", error.description or "")
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    reference = secrets.token_hex(4)
    _log.error("Unexpected error %s in %s %s", reference, request.method, request.path, exc_info=error)
    return _answer(
        500,
        "error",
        f"An unexpected error happened. The log of the web process has it as {reference}; try again in a moment.",
    )


def _answer(status: int, code: str, detail: str) -> Response:
    title = _TITLES.get(status, "That did not work")
    if _wants_page():
        response = Response(
            render_template("error.html", error={"title": title, "detail": detail, "code": code}, status=status)
        )
    else:
        response = jsonify(type="about:blank", title=title, status=status, code=code, detail=detail)
        response.content_type = "application/problem+json"
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response


def _wants_page() -> bool:
    if request.path.startswith(("/api/", "/internal/", "/media/", "/ws/")):
        return False
    return request.accept_mimetypes.best_match(("application/json", "text/html")) == "text/html"
