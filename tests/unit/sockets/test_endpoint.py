from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient

from server.domain.permission import Role
from server.domain.user import User
from server.errors import Unauthenticated
from server.web.sockets import endpoint
from server.web.sockets.app import create_app
from tests.unit.sockets.story import Notes, Outbox

SITE = "https://matinee.test"
UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Origin": SITE}


@dataclass
class Sessions:
    """Knows bob by any cookie."""

    bob = User("bobbobbobbob", "bob", Role.UPLOADER, None, datetime(2026, 1, 1, tzinfo=UTC))

    def recognise(self, value: str | None) -> Any:
        if value is None:
            raise Unauthenticated("Nobody is signed in here.")
        return SimpleNamespace(user=self.bob)


@pytest.fixture
def page() -> FlaskClient:
    web = SimpleNamespace(address=SITE, other_origins=("https://matinee.local",))
    container: Any = SimpleNamespace(
        activity=Outbox(),
        broadcast=SimpleNamespace(listen=lambda: iter(())),
        sessions=Sessions(),
        settings=SimpleNamespace(web=web),
    )
    app = create_app(container)
    app.extensions["feed"].take(None)
    client = app.test_client()
    client.set_cookie("__Host-matinee", "value", domain="localhost")
    return client


def refused(page: FlaskClient, query: str = "", **headers: str) -> tuple[int, str]:
    answer = page.get(f"/ws/events{query}", headers={**UPGRADE, **headers})
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    return answer.status_code, answer.json["code"]


def test_the_process_says_that_it_is_well(page: FlaskClient) -> None:
    answer = page.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"ok": True})


@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "https://matinee.test.evil", "http://matinee.test", "null"]
)
def test_only_our_own_pages_may_connect(page: FlaskClient, origin: str) -> None:
    assert refused(page, Origin=origin) == (403, "forbidden.origin")


def test_somebody_unknown_is_refused(page: FlaskClient) -> None:
    page.delete_cookie("__Host-matinee", domain="localhost")
    assert refused(page) == (401, "unauthenticated")


def test_one_page_too_many_is_told_why(page: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "MAX_CLIENTS", 2)
    feed = page.application.extensions["feed"]
    for _ in range(2):
        assert feed.join(Notes())
    assert refused(page) == (503, "unavailable.sockets")


def test_before_the_feed_runs_pages_are_asked_to_wait(page: FlaskClient) -> None:
    page.application.extensions["feed"].position = None
    assert refused(page) == (503, "unavailable.sockets")


def test_more_videos_than_a_page_can_show_are_refused(page: FlaskClient) -> None:
    many = "&".join(f"video=v{number}" for number in range(endpoint.MAX_VIDEOS + 1))
    assert refused(page, f"?{many}") == (400, "invalid.video")
