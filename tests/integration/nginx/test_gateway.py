"""Routes to our processes, what they learn about a request, and what nginx answers by itself."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.nginx.site import Running, read

CLAIMS = {
    "X_Forwarded_For": "8.8.8.8",
    "X_Forwarded_Proto": "http",
    "X_Forwarded_Host": "evil.example",
    "X_Forwarded_Port": "1",
    "X_Forwarded_Prefix": "/evil",
    "X_Real_IP": "8.8.8.8",
    "Forwarded": "for=8.8.8.8",
    "X_Request_Id": "mine",
    "X_Original_URI": "/media/evil",
    "Proxy": "http://evil.example",
}


@pytest.mark.parametrize("path", ["/", "/watch/7hKq2mXw9RtZ", "/api/v1/videos", "/api/v1/uploads", "/api/v1/uploads/x"])
def test_the_web_learns_about_a_request_from_nginx_alone(site: Running, path: str) -> None:
    answer = site.ask(path, host="matinee.local", **CLAIMS)
    assert (answer.status, answer.body) == (200, b"from upstream")
    headers = site.web.last.headers
    assert headers.get_all("X-Forwarded-For") == ["127.0.0.1"]
    assert headers.get_all("X-Forwarded-Proto") == ["https"]
    assert headers.get_all("Host") == [f"matinee.local:{site.port}"]
    assert headers.get_all("X-Request-Id") == [answer.header("X-Request-Id")]
    for name in ("X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Real-IP", "Forwarded", "Proxy"):
        assert headers.get(name) is None
    assert headers.get("X-Original-URI") is None


def test_an_absolute_address_cannot_smuggle_in_another_host(site: Running) -> None:
    site.ask(f"https://localhost:{site.port}/", host="evil.example")
    assert "evil" not in site.web.last.headers["Host"]


def test_headers_that_nginx_owns_come_once(site: Running) -> None:
    answer = site.ask("/", host="matinee.local")
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Strict-Transport-Security") == "max-age=31536000"
    assert "nginx/" not in (answer.header("Server") or "")


def test_localhost_is_not_pinned_to_https_for_other_ports(site: Running) -> None:
    assert site.ask("/", host="localhost").header("Strict-Transport-Security") is None


def test_a_name_that_is_not_ours_reaches_nothing(site: Running) -> None:
    assert site.ask("/", host="evil.example").status == 421
    assert site.web.requests == []


def test_plain_http_is_sent_to_the_same_address_with_tls(site: Running) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as plain:
        plain.sendall(f"GET /a?b=c HTTP/1.1\r\nHost: matinee.local:{site.port}\r\n\r\n".encode())
        answer = plain.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 308")
    assert f"Location: https://matinee.local:{site.port}/a?b=c\r\n" in answer


@pytest.mark.parametrize(
    "path", ["/internal/waiting", "//internal/waiting", "/%69nternal/waiting", "/x/../internal/waiting", "/internal/"]
)
def test_what_only_nginx_may_ask_is_closed_to_everybody_else(site: Running, path: str) -> None:
    assert site.play(path, X_Original_URI="/media/7hKq2mXw9RtZ/hls/v360/00000.m4s").status == 404
    assert site.web.requests == []


def test_a_websocket_is_upgraded_without_compression(site: Running) -> None:
    with site.connect() as stream:
        stream.sendall(
            f"GET /ws/events?after=5 HTTP/1.1\r\nHost: localhost:{site.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n".encode()
        )
        received = b""
        while b"hello" not in received and (chunk := stream.recv(4096)):
            received += chunk
    assert received.startswith(b"HTTP/1.1 101")
    assert received.endswith(b"\x81\x05hello")
    headers = site.live.last.headers
    assert (headers["Upgrade"], headers["Connection"]) == ("websocket", "upgrade")
    assert headers["Sec-WebSocket-Key"] == "dGhlIHNhbXBsZSBub25jZQ=="
    assert headers.get("Sec-WebSocket-Extensions") is None
    assert site.web.requests == []


def test_an_upgrade_elsewhere_is_not_passed_on(site: Running) -> None:
    site.ask("/", Upgrade="websocket")
    assert site.web.last.headers.get("Upgrade") is None


def test_the_last_bytes_of_an_upload_need_not_be_sent_for_the_first_to_arrive(site: Running) -> None:
    first, rest = b"a" * 70_000, b"b" * 70_000
    site.web.first_bytes.clear()
    with site.connect() as stream:
        stream.sendall(
            f"PATCH /api/v1/uploads/x HTTP/1.1\r\nHost: localhost:{site.port}\r\n"
            f"Content-Length: {len(first + rest)}\r\n\r\n".encode()
        )
        stream.sendall(first)
        assert site.web.first_bytes.wait(10)
        stream.sendall(rest)
        assert read(stream).status == 200
    assert bytes(site.web.last.body) == first + rest
    assert not any(path.is_file() for path in (site.root / "temp").rglob("*"))


def test_an_upload_larger_than_allowed_is_refused_in_the_language_of_programs(site: Running) -> None:
    with site.connect() as stream:
        stream.sendall(
            f"PATCH /api/v1/uploads/x HTTP/1.1\r\nHost: localhost:{site.port}\r\n"
            f"Content-Length: {4 * 1024**2 + 1}\r\n\r\n".encode()
        )
        answer = read(stream)
    assert answer.status == 413
    assert answer.header("Content-Type") == "application/problem+json"
    assert json.loads(answer.body)["code"] == "too-large"
    assert json.loads(answer.body)["status"] == 413
    assert site.web.requests == []


def test_pages_and_api_refuse_large_bodies(site: Running) -> None:
    assert site.ask("/sign-in", "POST", body="x" * (1024**2 + 1)).status == 413


@contextmanager
def _stopped(site: Running) -> Iterator[None]:
    """Take the web's socket away for a while."""
    path = site.root / "run/web.sock"
    aside = path.rename(path.with_suffix(".aside"))
    try:
        yield
    finally:
        aside.rename(path)


def test_while_the_web_is_down_people_get_a_calm_page_that_tries_again(site: Running) -> None:
    with _stopped(site):
        answer = site.ask("/")
    assert answer.status == 502
    assert answer.header("Content-Type") == "text/html; charset=utf-8"
    assert (answer.header("Refresh"), answer.header("Retry-After")) == ("3", "3")
    assert answer.header("Cache-Control") == "no-store"
    assert (answer.header("Content-Security-Policy") or "").startswith("default-src 'none'")
    assert answer.body.startswith(b"<!doctype html>")


def test_while_the_web_is_down_programs_get_a_problem_and_films_go_on(site: Running) -> None:
    with _stopped(site):
        answer = site.ask("/api/v1/status")
        film = site.play("/media/7hKq2mXw9RtZ/hls/v360/00000.m4s")
    assert (answer.status, json.loads(answer.body)["code"]) == (502, "unavailable")
    assert film.status == 200


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("app-1a2b.js", "text/javascript; charset=utf-8"),
        ("app-1a2b.js.map", "application/json"),
        ("font-1a2b.woff2", "font/woff2"),
    ],
)
def test_built_assets_are_kept_for_ever(site: Running, name: str, content_type: str) -> None:
    answer = site.ask(f"/static/{name}")
    assert (answer.status, answer.header("Content-Type")) == (200, content_type)
    assert answer.header("Cache-Control") == "public, max-age=31536000, immutable"
    assert answer.header("X-Content-Type-Options") == "nosniff"


def test_an_asset_compressed_by_the_build_is_sent_as_it_is(site: Running) -> None:
    answer = site.ask("/static/app-1a2b.js", Accept_Encoding="gzip")
    assert (answer.header("Content-Encoding"), answer.body) == ("gzip", b"\x1f\x8b made by the build")


@pytest.mark.parametrize(("path", "status"), [("/static/none.js", 404), ("/static/", 403), ("/static/%00", 400)])
def test_a_missing_asset_is_kept_by_nobody(site: Running, path: str, status: int) -> None:
    answer = site.ask(path)
    assert (answer.status, answer.header("Cache-Control")) == (status, None)


@pytest.mark.parametrize("path", ["/static/..%2fnginx.conf", "/static../nginx.conf", "/static/..\\nginx.conf"])
def test_no_path_leads_out_of_the_assets(site: Running, path: str) -> None:
    assert b"ticket" not in site.ask(path).body


def test_a_link_among_the_assets_is_not_followed(site: Running) -> None:
    assert site.ask("/static/leak.js").status == 403


def test_the_log_tells_requests_apart_and_keeps_no_secret(site: Running) -> None:
    answer = site.play("/media/7hKq2mXw9RtZ/original", Authorization="Bearer mt_secret")
    played = site.play("/media/7hKq2mXw9RtZ/hls/v360/00000.m4s")
    text = Path(site.root / "log/access.log").read_text()
    entry = next(json.loads(line) for line in text.splitlines() if str(answer.header("X-Request-Id")) in line)
    assert (entry["status"], entry["uri"]) == (404, "/media/7hKq2mXw9RtZ/original")
    assert "mt_secret" not in text
    assert "matinee-ticket" not in text
    assert str(played.header("X-Request-Id")) not in text
