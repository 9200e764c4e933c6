"""A real nginx with our configuration, on a free port; small HTTP servers stand where web and sockets would be.

MATINEE_TEST_NGINX names another program than the installed one, to try another version.
"""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from server.keystore import certificates, tickets
from server.launcher import nginx
from tests.integration.nginx.site import VIDEO, Running
from tests.integration.nginx.upstream import Upstream

SEGMENT = bytes(range(256)) * 256


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """nginx, its upstreams and a library with one video; the folder's name holds a space on purpose."""
    root = tmp_path_factory.mktemp("the site")
    for folder in ("run", "log", "temp", "static", f"media/videos/{VIDEO}/hls/v360"):
        (root / folder).mkdir(parents=True)
    _fill(root)
    made = certificates.ensure(root / "tls", ["matinee.local"], [], datetime.now(UTC))
    key = tickets.ensure_key(root / "tickets")
    program = os.environ.get("MATINEE_TEST_NGINX") or nginx.find_program()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    site = nginx.Site(
        run=str(root / "run"),
        log=str(root / "log"),
        temp=str(root / "temp"),
        media=str(root / "media"),
        static=str(root / "static"),
        tls_certificate=str(made.certificate),
        tls_key=str(made.key),
        listen=(f"127.0.0.1:{port}",),
        server_names=("localhost", "127.0.0.1", "matinee.local"),
        web_sockets=(str(root / "run/web.sock"),),
        live_sockets=(str(root / "run/sockets.sock"),),
        ticket_key=key.decode(),
        max_upload_bytes=4 * 1024**2,
        worker_processes=1,
        nginx_version=nginx.read_version(program),
    )
    if os.geteuid() == 0:  # else the workers become a user who may not read the temporary folder
        site = replace(site, user=pwd.getpwuid(0).pw_name)
    configuration = root / "nginx.conf"
    configuration.write_text(nginx.render(site))
    web, live = Upstream(root / "run/web.sock", root / "media/videos"), Upstream(root / "run/sockets.sock")
    process = subprocess.Popen((program, "-e", "stderr", "-c", str(configuration), "-g", "daemon off;"))
    try:
        _await_port(port, process)
        yield Running(root, port, made.ca_certificate, key, web, live)
    finally:
        process.terminate()
        process.wait(timeout=10)
        web.close()
        live.close()


@pytest.fixture
def site(running: Running) -> Running:
    """The running site, with nothing recorded yet."""
    running.web.requests.clear()
    running.live.requests.clear()
    return running


def _fill(root: Path) -> None:
    video = root / "media/videos" / VIDEO
    (video / "original").write_bytes(b"the original")
    (video / "poster.jpg").write_bytes(b"\xff\xd8\xff")
    (video / "hls/main.m3u8").write_text("#EXTM3U\n")
    for folder in ("posters", "storyboard", "hls/t1"):
        (video / folder).mkdir()
    for picture in ("posters/3.jpg", "posters/12.jpg", "posters/3.png", "storyboard/14.jpg"):
        (video / picture).write_bytes(b"\xff\xd8\xff")
    for track in ("chapters.vtt", "storyboard/storyboard.vtt", "hls/t1/captions.vtt"):
        (video / track).write_text("WEBVTT\n")
    (video / "hls/v360/iframes.m3u8").write_text("#EXTM3U\n")
    (video / "hls/v360/index.m3u8").write_text("#EXTM3U\n" + "#EXTINF:4,\n" * 200)
    (video / "hls/v360/init.mp4").write_bytes(b"init")
    (video / "hls/v360/00000.m4s").write_bytes(SEGMENT)
    (video / "hls/v360/secret.txt").write_text("not listed")
    (video / "hls/v999").mkdir()
    (video / "hls/v999/index.m3u8").symlink_to(video / "original")
    (root / "media/outside.m4s").write_text("outside of the library")
    (root / "static/app-1a2b.js").write_text("let x = 1;\n" * 200)
    (root / "static/app-1a2b.js.gz").write_bytes(b"\x1f\x8b made by the build")
    (root / "static/font-1a2b.woff2").write_bytes(b"wOF2")
    (root / "static/app-1a2b.js.map").write_text("{}")
    (root / "static/leak.js").symlink_to(root / "media/outside.m4s")


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        assert process.poll() is None, "nginx ended at its start"
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail("nginx did not listen within ten seconds")
