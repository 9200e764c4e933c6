"""Sessions, cookies and headers, and every write against another site."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from server.container import Container
from server.domain.ids import new_id
from server.storage.layout import Part
from server.web.app import create_app

PASSWORD = "correct horse battery"


@pytest.fixture
def container(scratch):
    return Container(scratch)


@pytest.fixture
def app(container):
    return create_app(container)


@pytest.fixture
def origin(scratch):
    return {"Origin": scratch.web.address}


@pytest.fixture
def alice(app, container, origin, scratch):
    """Alice's browser, signed in."""
    browser = app.test_client()
    form = {"code": container.accounts.new_first_run_code(), "name": "alice", "password": PASSWORD}
    answer = browser.post("/welcome", data=form, headers=origin, base_url=scratch.web.address)
    assert answer.status_code == 303
    return browser


def _csrf(browser, scratch) -> str:
    page = browser.get("/", base_url=scratch.web.address).get_data(as_text=True)
    found = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "forbidden.origin"),
        ({"Origin": "https://evil.example"}, "forbidden.origin"),
        ({"Origin": "null"}, "forbidden.origin"),
        ({"Origin": "OURS", "Sec-Fetch-Site": "cross-site"}, "forbidden.origin"),
        ({"Origin": "OURS", "Sec-Fetch-Site": "same-site"}, "forbidden.origin"),
        ({"Origin": "OURS"}, "forbidden.csrf"),
        ({"Origin": "OURS", "X-CSRF-Token": "wrong"}, "forbidden.csrf"),
        ({"Origin": "OURS", "X-CSRF-Token": ""}, "forbidden.csrf"),
        ({"Origin": "OURS", "X-CSRF-Token": "\xe4"}, "forbidden.csrf"),
    ],
)
def test_a_write_that_another_site_made_the_browser_send_is_refused(alice, scratch, headers, code):
    sent = {name: scratch.web.address if value == "OURS" else value for name, value in headers.items()}
    answer = alice.delete("/api/v1/videos/aaaaaaaaaaaa", headers=sent, base_url=scratch.web.address)
    assert (answer.status_code, answer.json["code"]) == (403, code)


def test_an_id_of_another_shape_is_simply_not_found(alice, scratch):
    for address in ("/api/v1/videos/a%00b", "/watch/..%2f..", "/api/v1/videos/'--"):
        assert alice.get(address, base_url=scratch.web.address).status_code == 404


def test_a_write_from_our_own_page_is_carried_out(alice, scratch, origin):
    token = {"X-CSRF-Token": _csrf(alice, scratch), "Sec-Fetch-Site": "same-origin"}
    answer = alice.delete("/api/v1/videos/aaaaaaaaaaaa", headers={**origin, **token}, base_url=scratch.web.address)
    assert (answer.status_code, answer.json["code"]) == (404, "not-found")


def test_signing_in_gives_a_fresh_session_and_signing_out_ends_it(app, alice, scratch, origin):
    before = alice.get_cookie("__Host-matinee", domain="localhost").value
    token = _csrf(alice, scratch)
    form = {"name": "alice", "password": PASSWORD, "next": "/upload", "csrf_token": token}
    answer = alice.post("/sign-in", data=form, headers=origin, base_url=scratch.web.address)
    assert answer.headers["Location"] == "/upload"
    after = alice.get_cookie("__Host-matinee", domain="localhost").value
    assert after != before
    token = _csrf(alice, scratch)
    alice.post("/sign-out", data={"csrf_token": token}, headers=origin, base_url=scratch.web.address)
    thief = app.test_client()
    thief.set_cookie("__Host-matinee", before, domain="localhost", secure=True)
    assert thief.get("/api/v1/videos", base_url=scratch.web.address).status_code == 401
    thief.set_cookie("__Host-matinee", after, domain="localhost", secure=True)
    assert thief.get("/api/v1/videos", base_url=scratch.web.address).status_code == 401


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\n/evil.example", "evil"],
)
def test_after_signing_in_nobody_is_sent_to_another_site(alice, scratch, origin, target):
    form = {"name": "alice", "password": PASSWORD, "next": target, "csrf_token": _csrf(alice, scratch)}
    answer = alice.post("/sign-in", data=form, headers=origin, base_url=scratch.web.address)
    assert answer.headers["Location"] == "/"


def test_the_cookies_cannot_leave_or_be_read(alice, scratch, origin):
    form = {"name": "alice", "password": PASSWORD, "next": "/", "csrf_token": _csrf(alice, scratch)}
    answer = alice.post("/sign-in", data=form, headers=origin, base_url=scratch.web.address)
    session, ticket = answer.headers.getlist("Set-Cookie")
    assert session.startswith("__Host-matinee=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(session.split("; "))
    assert {"Secure", "HttpOnly", "Path=/media/", "SameSite=Strict"} <= set(ticket.split("; "))


def test_a_page_allows_no_script_but_our_own(alice, scratch):
    answer = alice.get("/", base_url=scratch.web.address)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_segment_that_exists_is_handed_to_nginx_without_a_type_of_its_own(app, container, scratch):
    video_id = new_id()
    segment = container.layout.part(Part(video_id, "v360", 0))
    segment.parent.mkdir(parents=True)
    segment.write_bytes(b"segment")
    asked = {"X-Original-URI": f"/media/{video_id}/hls/v360/00000.m4s"}
    answer = app.test_client().get("/internal/waiting", headers=asked, base_url=scratch.web.address)
    assert answer.headers["X-Accel-Redirect"] == f"/files/{video_id}/hls/v360/00000.m4s"
    assert "Content-Type" not in answer.headers
    container.library.remove_video(video_id)


@pytest.mark.parametrize(
    "address",
    [
        "/media/aaaaaaaaaaaa/hls/v360/00000.m4s",
        "/media/../etc/passwd",
        "/media/aaaaaaaaaaaa/original",
        "",
    ],
)
def test_a_segment_that_will_never_be_is_not_waited_for(app, address):
    answer = app.test_client().get("/internal/waiting", headers={"X-Original-URI": address})
    assert (answer.status_code, answer.json["code"]) == (404, "not-found")


@pytest.mark.parametrize("cursor", ["", "1", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00~a\x00b", "~"])
def test_a_cursor_that_we_did_not_make_is_refused(alice, scratch, cursor):
    answer = alice.get("/api/v1/videos", query_string={"cursor": cursor}, base_url=scratch.web.address)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid.cursor")


def test_a_name_that_nobody_can_have_is_answered_like_a_wrong_one(app, scratch, origin):
    form = {"name": "a\x00b", "password": PASSWORD}
    answer = app.test_client().post("/sign-in", data=form, headers=origin, base_url=scratch.web.address)
    assert answer.status_code == 422
    assert "do not belong together" in answer.get_data(as_text=True)


def test_a_page_says_that_a_part_does_not_answer_even_where_its_frame_needs_that_part(alice, app, scratch, tmp_path):
    app.extensions["matinee"] = Container(replace(scratch, redis=replace(scratch.redis, socket=tmp_path / "none")))
    answer = alice.get("/", headers={"Accept": "text/html"}, base_url=scratch.web.address)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "The session store does not answer" in answer.get_data(as_text=True)
