"""Every route of every application either stands in the table of public ones or refuses a stranger.

The applications are the real ones; nothing runs behind them, since whoever is nobody must be refused before anything
is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from server import settings
from server.container import Container
from server.services.accounts import Accounts
from server.web import app
from server.web.sockets import app as sockets_app

ADDRESS = "https://localhost"
SOME_ID = "2" * 12

# What charlie's browser or program would send along, so that nothing but the missing sign-in stands in the way.
WELL_FORMED = {"Origin": ADDRESS, "Tus-Resumable": "1.0.0", "X-HTTP-Method-Override": "DELETE"}

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


class SettledAccounts(Accounts):
    """The accounts of an appliance whose first run is over."""

    def first_run_open(self) -> bool:
        return False


@pytest.fixture(scope="module")
def applications() -> list[Flask]:
    """The applications of both processes, made for settings that lead nowhere."""
    tables = {
        "paths": {"state": "/nowhere", "media": "/nowhere", "run": "/nowhere"},
        "database": {"host": "/nowhere"},
        "redis": {"socket": "/nowhere"},
        "web": {"address": ADDRESS},
    }
    container = Container(settings.parse(tables, "test"))
    container.__dict__["accounts"] = SettledAccounts()
    return [app.create_app(container), sockets_app.create_app(container)]


def routes(application: Flask) -> Iterator[tuple[str, str]]:
    """Yield method and rule of every route, without the HEAD and OPTIONS that Flask adds by itself."""
    for rule in application.url_map.iter_rules():
        added = {"OPTIONS"} if rule.provide_automatic_options else set()  # type: ignore[attr-defined]  # Flask's own
        added |= {"HEAD"} if "GET" in (rule.methods or ()) else set()
        for method in sorted((rule.methods or set()) - added):
            yield method, rule.rule


def ask(application: Flask, method: str, rule: str, accept: str) -> tuple[int, str]:
    """Ask as charlie, whom nobody knows; return the status and where the answer leads."""
    path = re.sub(r"<[^>]+>", SOME_ID, rule)
    headers = {**WELL_FORMED, "Accept": accept}
    answer = application.test_client().open(path, method=method, base_url=ADDRESS, headers=headers)
    return answer.status_code, answer.headers.get("Location", "")


def test_a_stranger_is_refused_everywhere_but_at_the_public_routes(applications: list[Flask]) -> None:
    closed = [(one, route) for one in applications for route in routes(one) if route not in PUBLIC]
    answers = {route: ask(one, *route, "application/json")[0] for one, route in closed}
    assert {route: status for route, status in answers.items() if status != 401} == {}
    assert len(answers) >= 14


def test_a_stranger_who_opens_a_page_is_led_to_the_sign_in(applications: list[Flask]) -> None:
    web, _ = applications
    pages = [rule for method, rule in routes(web) if method == "GET" and (method, rule) not in PUBLIC]
    places = {rule: ask(web, "GET", rule, "text/html")[1] for rule in pages if not rule.startswith("/api/")}
    assert places
    assert [rule for rule, place in places.items() if not place.startswith("/sign-in?next=")] == []


def test_the_table_of_public_routes_names_only_routes_that_exist(applications: list[Flask]) -> None:
    existing = {route for application in applications for route in routes(application)}
    assert set(PUBLIC) - existing == set()
