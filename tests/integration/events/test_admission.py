"""Who may connect."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from server.domain.ids import new_id
from server.domain.permission import Role
from server.domain.user import User
from server.store import users
from server.store.database import transaction
from server.web.auth import SESSION_COOKIE
from tests.integration.events.hub import Hub, greet


@pytest.fixture
def charlie(hub: Hub) -> User:
    """Somebody who may only watch."""
    person = new_id()
    with transaction():
        users.create(person, f"charlie-{person.lower()}", Role.VIEWER, None)
    return hub.container.accounts.user(person)


def refusal(hub: Hub, headers: dict[str, str], query: str = "") -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refused, hub.connect(query, headers=headers):
        pass
    response = refused.value.response
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status_code, response.body.decode()


def test_a_browser_that_is_signed_in_may_follow(hub: Hub, charlie: User) -> None:
    cookie = f"{SESSION_COOKIE}={hub.container.sessions.begin(charlie)}"
    with hub.connect(headers={"Cookie": cookie, "Origin": hub.system.address}) as socket:
        assert greet(socket) >= 0


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", ""])
def test_a_page_of_another_site_may_not_follow_with_somebodys_cookie(hub: Hub, charlie: User, origin: str) -> None:
    cookie = f"{SESSION_COOKIE}={hub.container.sessions.begin(charlie)}"
    status, body = refusal(hub, {"Cookie": cookie, "Origin": origin})
    assert (status, "forbidden.origin" in body) == (403, True)


def test_a_cookie_without_an_origin_is_refused(hub: Hub, charlie: User) -> None:
    status, _ = refusal(hub, {"Cookie": f"{SESSION_COOKIE}={hub.container.sessions.begin(charlie)}"})
    assert status == 403


def test_nobody_follows_without_being_known(hub: Hub) -> None:
    assert refusal(hub, {"Origin": hub.system.address})[0] == 401
    assert refusal(hub, {"Authorization": "Bearer wrong"})[0] == 401


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "٣", "9" * 40, ""])
def test_a_position_that_is_none_is_refused(hub: Hub, after: str) -> None:
    status, body = refusal(hub, hub.bearer, f"?after={after}")
    assert (status, "invalid.after" in body) == (400, True)
