"""tus 1.0.0 as a client meets it: through nginx, gunicorn and the whole running system."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import signal
import ssl
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx
import pytest

from server.launcher.system import System

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {**TUS, "Content-Type": "application/offset+octet-stream"}
FILM = random.Random(3).randbytes(3_000_000)  # noqa: S311  # repeatable, not secret
SECONDS = 30.0


@pytest.fixture
def client(system: System) -> Iterator[httpx.Client]:
    """A program with the API token of the local owner."""
    state = system.settings.paths.state
    token = (state / "owner.token").read_text(encoding="ascii").strip()
    trusted = ssl.create_default_context(cafile=str(state / "tls" / "ca.crt"))
    with httpx.Client(
        base_url=system.address, verify=trusted, headers={"Authorization": f"Bearer {token}"}, timeout=SECONDS
    ) as opened:
        yield opened


def begin(client, size, **headers):
    answer = client.post("/api/v1/uploads", headers={**TUS, "Upload-Length": str(size), **headers})
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def offset(client, address):
    answer = client.head(address, headers=TUS)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return int(answer.headers["Upload-Offset"])


def wait_until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_server_says_what_it_speaks_to_anybody(system, client):
    for address in ("/api/v1/uploads", "/api/v1/uploads/111111111111"):
        answer = client.options(address, headers={"Authorization": ""})
        assert answer.status_code == 204
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert set(answer.headers["Tus-Extension"].split(",")) == {
            "creation", "creation-with-upload", "checksum", "expiration", "termination",
        }  # fmt: skip
        assert answer.headers["Tus-Max-Size"] == str(system.settings.uploads.max_bytes)
        assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")


def test_an_upload_in_pieces_becomes_a_video(system, client):
    name = base64.b64encode("Été 🎬.mp4".encode()).decode()
    address = begin(client, len(FILM), **{"Upload-Metadata": f"filename {name},filetype dmlkZW8vbXA0"})
    for start in range(0, len(FILM), 1_000_000):
        assert offset(client, address) == start
        piece = FILM[start : start + 1_000_000]
        answer = client.patch(address, headers={**BYTES, "Upload-Offset": str(start)}, content=piece)
        assert answer.status_code == 204, answer.text
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert int(answer.headers["Upload-Offset"]) == start + len(piece)
    video_id = answer.headers["Matinee-Video"]
    assert "Upload-Expires" not in answer.headers
    assert client.get(f"/api/v1/videos/{video_id}").json()["title"] == "Été 🎬"
    assert (system.settings.paths.media / "videos" / video_id / "original").read_bytes() == FILM
    head = client.head(address, headers=TUS)
    assert head.headers["Matinee-Video"] == video_id
    assert head.headers["Upload-Metadata"] == f"filename {name}"
    assert head.headers["Upload-Length"] == head.headers["Upload-Offset"] == str(len(FILM))


def test_the_first_bytes_may_come_with_the_creation(client):
    digest = base64.b64encode(hashlib.sha256(FILM[:1000]).digest()).decode()
    headers = {**BYTES, "Upload-Length": str(len(FILM)), "Upload-Checksum": f"sha256 {digest}"}
    answer = client.post("/api/v1/uploads", headers=headers, content=FILM[:1000])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "1000")
    assert parsedate_to_datetime(answer.headers["Upload-Expires"]).tzinfo is not None
    address = answer.headers["Location"]
    assert offset(client, address) == 1000
    rest = client.patch(address, headers={**BYTES, "Upload-Offset": "1000"}, content=FILM[1000:])
    assert "Matinee-Video" in rest.headers


def test_a_body_of_unannounced_length_is_taken_too(client):
    address = begin(client, len(FILM))
    pieces = (FILM[start : start + 70_001] for start in range(0, len(FILM), 70_001))
    answer = client.patch(address, headers={**BYTES, "Upload-Offset": "0"}, content=pieces)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(FILM)))


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412, "invalid.tus-version"),
        ({"Content-Type": "video/mp4"}, 415, "invalid.content-type"),
        ({"Upload-Offset": "7"}, 409, "conflict.offset"),
        ({"Upload-Offset": "-1"}, 400, "invalid.header"),
        ({"Upload-Offset": "0x0"}, 400, "invalid.header"),
        ({"Upload-Checksum": "sha1 AAAA"}, 460, "invalid.checksum"),
        ({"Upload-Checksum": "crc32 AAAA"}, 400, "invalid.header"),
        ({"Upload-Checksum": "sha1 &&&&"}, 400, "invalid.header"),
        ({"Authorization": "Bearer nobody"}, 401, "unauthenticated"),
    ],
)
def test_a_wrong_request_is_refused_with_a_reason_and_nothing_is_kept(client, changed, status, code):
    address = begin(client, 100)
    answer = client.patch(address, headers={**BYTES, "Upload-Offset": "0", **changed}, content=b"x" * 50)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.json()["code"].startswith(code)
    assert offset(client, address) == 0


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 400, "invalid.header"),
        ({"Upload-Length": "ten"}, 400, "invalid.header"),
        ({"Upload-Length": "0"}, 400, "invalid.empty"),
        ({"Upload-Length": str(10**15)}, 413, "too-large.file"),
        ({"Upload-Length": "9" * 30}, 400, "invalid.header"),
        ({"Upload-Defer-Length": "1"}, 400, "invalid.header"),
        ({"Upload-Length": "5", "Upload-Concat": "partial"}, 400, "invalid.header"),
        ({"Upload-Length": "5", "Upload-Metadata": "filename ***"}, 400, "invalid.metadata"),
        ({"Upload-Length": "5", "Upload-Metadata": "filename /w=="}, 400, "invalid.metadata"),
        ({"Upload-Length": "5", "Upload-Metadata": "a eA==,a eA=="}, 400, "invalid.metadata"),
    ],
)
def test_a_creation_that_cannot_be_is_refused_before_the_first_byte(client, headers, status, code):
    answer = client.post("/api/v1/uploads", headers={**TUS, **headers})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_large_body_at_the_wrong_place_is_refused_without_reading_it(client):
    address = begin(client, 60_000_000)
    answer = client.patch(address, headers={**BYTES, "Upload-Offset": "5"}, content=bytes(50_000_000))
    assert answer.status_code == 409
    assert offset(client, address) == 0


def test_an_upload_can_be_ended_and_is_gone_then(client):
    address = begin(client, 100)
    assert client.delete(address, headers=TUS).status_code == 204
    assert client.head(address, headers=TUS).status_code == 404


def test_a_post_stands_for_the_method_it_names(client):
    address = begin(client, 4)
    override = {**BYTES, "X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}
    assert client.post(address, headers=override, content=b"fi").headers["Upload-Offset"] == "2"
    head = client.post(address, headers={**TUS, "X-HTTP-Method-Override": "HEAD"})
    assert head.headers["Upload-Offset"] == "2"
    assert client.post(address, headers={**TUS, "X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert client.post(address, headers=TUS).status_code == 405


def test_a_body_that_breaks_off_keeps_what_arrived(system, client):
    address = begin(client, len(FILM))
    spool = system.settings.paths.media / "incoming" / address.rsplit("/", 1)[1]

    def breaking():
        yield FILM[:1_000_000]
        wait_until(lambda: spool.stat().st_size > 400_000)
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        client.patch(
            address, headers={**BYTES, "Upload-Offset": "0", "Content-Length": str(len(FILM))}, content=breaking()
        )
    kept = offset(client, address)
    assert kept > 400_000
    answer = client.patch(address, headers={**BYTES, "Upload-Offset": str(kept)}, content=FILM[kept:])
    assert answer.status_code == 204, answer.text
    original = system.settings.paths.media / "videos" / answer.headers["Matinee-Video"] / "original"
    assert original.read_bytes() == FILM


def test_an_upload_goes_on_after_the_web_is_killed_in_the_middle(system, client):
    address = begin(client, len(FILM))
    spool = system.settings.paths.media / "incoming" / address.rsplit("/", 1)[1]
    killed = system.pid("web")

    def murderous():
        yield FILM[:1_500_000]
        wait_until(lambda: spool.stat().st_size > 500_000)
        os.killpg(killed, signal.SIGKILL)
        for start in range(1_500_000, len(FILM), 100_000):
            yield FILM[start : start + 100_000]

    try:
        status = client.patch(address, headers={**BYTES, "Upload-Offset": "0"}, content=murderous()).status_code
    except httpx.TransportError:
        status = 502
    assert status >= 500
    system.wait_replaced("web", killed)
    kept = offset(client, address)
    assert 500_000 < kept < len(FILM)
    answer = client.patch(address, headers={**BYTES, "Upload-Offset": str(kept)}, content=FILM[kept:])
    assert answer.status_code == 204, answer.text
    original = system.settings.paths.media / "videos" / answer.headers["Matinee-Video"] / "original"
    assert hashlib.sha256(original.read_bytes()).digest() == hashlib.sha256(FILM).digest()
