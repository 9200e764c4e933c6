"""The rendered configuration, read as text: what must never be lost in an edit."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import jinja2
import pytest

from server.domain import ids
from server.keystore import tickets
from server.storage.deliveries import MAX_BYTES

TEMPLATES = Path(__file__).parents[3] / "nginx"
VARIABLES = {
    "run": "/run/matinee",
    "log": "/var/log/matinee",
    "temp": "/var/lib/matinee/nginx",
    "media": "/srv/matinee",
    "static": "/opt/matinee/static",
    "tls_certificate": "/var/lib/matinee/tls/server.crt",
    "tls_key": "/var/lib/matinee/tls/server.key",
    "listen": ["127.0.0.1:8443", "[::1]:8443"],
    "server_names": ["localhost", "matinee.local"],
    "web_sockets": ["/run/matinee/web.sock", "/run/matinee/web-2.sock"],
    "live_sockets": ["/run/matinee/sockets.sock"],
    "user": None,
    "ticket_key": "5ec7e7",
    "max_upload_bytes": 64 * 1024**3,
    "worker_processes": "auto",
    "nginx_version": (1, 22, 1),
}


def render(without: str = "", **changes: object) -> str:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(  # noqa: S701  # nginx's language is not HTML
        loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    variables = {name: value for name, value in {**VARIABLES, **changes}.items() if name != without}
    return environment.get_template("nginx.conf.j2").render(variables)


def block(text: str, opening: str) -> str:
    """Return what stands between the braces after the line that starts with `opening`."""
    start = text.index("{", text.index(opening) + len(opening) - 1)
    depth = 0
    for position in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return text[start + 1 : position]
    pytest.fail(f"{opening} is not closed")


def media_locations(text: str) -> dict[str, str]:
    """Return the expression and the content of every location nested in /media/."""
    pattern = r'location ~ "(?P<expression>[^"]+)" \{(?P<content>.*?)\n {12}\}'
    return {found["expression"]: found["content"] for found in re.finditer(pattern, text, re.DOTALL)}


def test_every_media_location_checks_the_ticket_first() -> None:
    locations = media_locations(block(render(), "location ^~ /media/ {"))
    assert len(locations) == 3
    for content in locations.values():
        assert content.strip().startswith("if ($ticket_refusal) { return 403; }")


def test_media_is_served_from_no_other_place() -> None:
    roots = re.findall(r"^ *(?:root|alias) .*;", render(), re.MULTILINE)
    assert [line.strip() for line in roots] == [
        'alias "/opt/matinee/static/";',
        'root "/srv/matinee/videos";',
        'alias "/srv/matinee/videos/";',
    ]
    assert block(render(), "location ^~ /files/ {").strip().startswith("internal;")


@pytest.mark.parametrize("number", range(20))
def test_media_locations_accept_the_ids_that_we_make(number: int) -> None:
    expressions = [
        re.compile(re.sub(r"\(\?<(\w+)>", r"(?P<\1>", expression).replace(r"\z", r"\Z"))
        for expression in media_locations(render())
    ]
    names = (
        *("poster.jpg", f"posters/{number % 10}.jpg", "storyboard/storyboard.vtt", f"storyboard/{number}.jpg"),
        *("chapters.vtt", "hls/t1/captions.vtt", "hls/main.m3u8", "hls/v1080/index.m3u8", "hls/v1080/iframes.m3u8"),
        *("hls/a1/init.mp4", f"hls/v360/{number:05}.m4s"),
    )
    for name in names:
        path = f"/media/{ids.new_id()}/{name}"
        assert sum(bool(expression.match(path)) for expression in expressions) == 1, path


def test_the_ticket_is_signed_as_python_signs_it() -> None:
    text = render()
    directive = re.search(r'secure_link_md5 "(.*)";', text)
    assert directive is not None
    signed = directive[1].replace("$secure_link_expires", "1700000000")
    digest = base64.urlsafe_b64encode(hashlib.md5(signed.encode(), usedforsecurity=False).digest()).decode()
    assert tickets.sign(b"5ec7e7", 1700000000) == f"{digest.rstrip('=')}.1700000000"
    assert f"{tickets.COOKIE}=" in text


def test_uploads_are_not_buffered_and_not_repeated() -> None:
    uploads = block(render(), "location ^~ /api/v1/uploads {")
    assert "proxy_request_buffering off;" in uploads
    assert "proxy_next_upstream off;" in uploads
    assert "client_max_body_size 68719476736;" in uploads


def test_files_of_other_machines_are_not_buffered_and_no_larger_than_the_web_takes() -> None:
    work = block(render(), "location ^~ /api/v1/work/ {")
    assert "proxy_request_buffering off;" in work
    assert "proxy_next_upstream off;" in work
    assert f"client_max_body_size {MAX_BYTES // 1024**2}m;" in work
    assert render().count("proxy_request_buffering") == 2  # and nobody else's bodies


def test_a_location_with_headers_of_its_own_repeats_those_of_the_server() -> None:
    text = render()
    for opening in ("@unavailable", "@problem", "^~ /static/", "^~ /media/", "^~ /files/"):
        content = block(text, f"location {opening} {{")
        for name in ("Strict-Transport-Security", "X-Content-Type-Options", "X-Request-Id"):
            assert f"add_header {name} " in content, (opening, name)


def test_what_clients_claim_about_themselves_never_passes() -> None:
    for opening in ("server_name localhost", "location ^~ /ws/ {", "location @waiting {"):
        after = render().partition(opening)[2]
        assert "proxy_set_header X-Forwarded-For $remote_addr;" in after
        for name in ("X-Forwarded-Host", "Forwarded", "X-Real-IP", "Proxy", "Sec-WebSocket-Extensions"):
            assert f'proxy_set_header {name} "";' in after
    assert "$proxy_add_x_forwarded_for" not in render()


def test_the_page_shown_while_we_are_down_fits_its_policy_and_its_quotes() -> None:
    page = (TEMPLATES / "unavailable.html").read_text()
    style = re.search(r"<style>(.*)</style>", render(), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in render()
    assert "'" not in page
    assert "$" not in page
    assert len(page) < 4000, "nginx takes no longer parameter"


@pytest.mark.parametrize(
    ("version", "modern"), [((1, 22), False), ((1, 25), False), ((1, 25, 1), True), ([1, 26, 3], True)]
)
def test_http2_is_switched_on_in_the_way_of_each_version(version: object, modern: bool) -> None:
    text = render(nginx_version=version)
    assert ("http2 on;" in text) is modern
    assert ("ssl http2" in text) is not modern


def test_all_addresses_refuse_names_that_are_not_ours() -> None:
    for address in ("127.0.0.1:8443", "[::1]:8443"):
        assert render().count(f"listen {address} ssl http2;") == 1
        assert render().count(f"listen {address} ssl http2 default_server;") == 1


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_that_is_not_given_is_an_error(name: str) -> None:
    with pytest.raises(jinja2.UndefinedError, match=name):
        render(without=name)


def test_the_user_stands_only_where_one_is_given() -> None:
    assert "\nuser " not in render()
    assert "\nuser matinee;" in render(user="matinee")


def test_every_socket_takes_its_share() -> None:
    assert re.findall(r'server "unix:(.*)";', block(render(), "upstream web {")) == VARIABLES["web_sockets"]
