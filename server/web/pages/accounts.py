"""First run, sign-in and sign-out."""

from __future__ import annotations

import re
from typing import cast

from flask import Blueprint, Response, make_response, redirect, render_template, request

from server.errors import Forbidden, Invalid, MatineeError, Unauthenticated
from server.web.auth import begin_session, container, end_session

accounts = Blueprint("accounts", __name__)

# Which field of a form an error belongs to; anything else stands above the form.
_FIELDS = {"invalid.name": "name", "invalid.password": "password", "forbidden.code": "code"}

# Browsers drop control characters from an address and read a backslash as a slash, so `/<tab>/host` is another host.
_PATH = re.compile(r"/(?!/)[^\x00-\x1f\x7f\\]*")


@accounts.get("/welcome")
def welcome() -> Response:
    """Show the first run, as long as it is open."""
    if not container().accounts.first_run_open():
        return _go("/sign-in")
    return _form("welcome.html", {})


@accounts.post("/welcome")
def begin() -> Response:
    """Make the first administrator and sign them in."""
    form = _fields("code", "name", "password")
    try:
        user = container().accounts.create_administrator(form["code"], form["name"], form["password"])
    except (Invalid, Forbidden) as error:
        return _form("welcome.html", form, error)
    response = _go("/")
    begin_session(response, user)
    return response


@accounts.get("/sign-in")
def sign_in() -> Response:
    """Show the sign-in form."""
    if container().accounts.first_run_open():
        return _go("/welcome")
    return _form("sign_in.html", {"next": _local(request.args.get("next"))})


@accounts.post("/sign-in")
def enter() -> Response:
    """Sign in."""
    form = _fields("name", "password", "next")
    try:
        user = container().accounts.authenticate(form["name"], form["password"])
    except Unauthenticated as error:
        return _form("sign_in.html", form, error)
    response = _go(_local(form["next"]))
    begin_session(response, user)
    return response


@accounts.post("/sign-out")
def leave() -> Response:
    """Sign out."""
    response = _go("/sign-in")
    end_session(response)
    return response


def _fields(*names: str) -> dict[str, str]:
    return {name: request.form.get(name, "") for name in names}


def _form(template: str, form: dict[str, str], error: MatineeError | None = None) -> Response:
    field = _FIELDS.get(error.code) if error else None
    shown = {
        "form": {name: value for name, value in form.items() if name != "password"},
        "problems": {field: error.message} if error and field else {},
        "error": {"title": "That did not work", "detail": error.message, "code": error.code}
        if error and not field
        else None,
    }
    return make_response(render_template(template, **shown), 422 if error else 200)


def _local(target: str | None) -> str:
    """Return `target` if it is a path of this site, else the library: never a way out to another host."""
    return target if target and _PATH.fullmatch(target) else "/"


def _go(target: str) -> Response:
    return cast(Response, redirect(target, 303))
