"""One film on its way in and one being prepared, while something dies; and what must be true afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import httpx

from server.cli import tus
from server.launcher.system import System
from server.store.database import rows
from tests import cast, clips

TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = 64 * 1024
PATIENCE_SECONDS = 90.0
LOOK_SECONDS = 0.1

Strike = Callable[[], object]


def patiently(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask until the system answers, as every client of it does; while it heals it may be out of reach."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = ask()
            if answer.status_code < 500 or time.monotonic() > deadline:
                return answer.raise_for_status()
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
        time.sleep(LOOK_SECONDS)


def wait_until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"it never came to this: {what}"
        time.sleep(LOOK_SECONDS)


def tasks_of(system: System, video_id: str) -> list[dict[str, Any]]:
    with cast.records(system):
        return rows("SELECT * FROM tasks WHERE video_id = %s ORDER BY id", video_id)


def begin_transcode(system: System, bob: httpx.Client) -> str:
    """Upload a film of half a minute and return its id as soon as both encoders work on it."""
    video_id = tus.send(bob, clips.tree(), lambda _: None)

    def encoding() -> bool:
        running = [task for task in tasks_of(system, video_id) if task["state"] == "running"]
        return any(task["queue"] == "heavy" for task in running)

    wait_until(encoding, "a piece is being encoded")
    return video_id


def upload_through(system: System, bob: httpx.Client, strike: Strike) -> str:
    """Upload a film, let `strike` happen in the middle of its bytes, go on at the offset, and return the video's id."""
    content = clips.bunny().read_bytes()
    headers = {**TUS, "Upload-Length": str(len(content)), "Upload-Metadata": "filename YnVubnkubXA0"}
    address = patiently(lambda: bob.post("/api/v1/uploads", headers=headers)).headers["Location"]
    spool = system.settings.paths.media / "incoming" / address.rpartition("/")[2]

    def interrupted() -> Iterator[bytes]:
        for start in range(0, len(content), CHUNK):
            if start == len(content) // 2 // CHUNK * CHUNK:
                wait_until(lambda: spool.stat().st_size > 0, "the first bytes have arrived")
                strike()
            yield content[start : start + CHUNK]

    def send(offset: int, body: Iterator[bytes] | bytes) -> httpx.Response:
        sent = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        length = {"Content-Length": str(len(content) - offset)}
        return bob.patch(address, content=body, headers=sent | length)

    with suppress(httpx.TransportError):  # the connection may break: nothing that arrived may be lost
        send(0, interrupted())
    while True:
        answer = patiently(lambda: bob.head(address, headers=TUS))
        if "Matinee-Video" in answer.headers:
            break
        offset = int(answer.headers["Upload-Offset"])
        assert 0 < offset <= len(content)
        patiently(partial(send, offset, content[offset:]))
    video_id = answer.headers["Matinee-Video"]
    original = system.settings.paths.media / "videos" / video_id / "original"
    assert original.read_bytes() == content
    return video_id


def assert_all_is_well(system: System, bob: httpx.Client, before: set[str], made: set[str]) -> None:
    """Every film becomes ready, once: one video, every task done, every segment there, nothing left over."""

    def settled() -> bool:
        found = [patiently(partial(bob.get, f"/api/v1/videos/{one}")).json() for one in made]
        errors = [video["error"] for video in found if video["error"]]
        assert not errors, errors
        return all(video["state"] == "ready" for video in found)

    wait_until(settled, f"the films are ready: {[tasks_of(system, one) for one in made]}")
    assert videos_of(bob) == before | made
    for video_id in made:
        wait_until(partial(is_done, system, video_id), "every task is done")
        hls = system.settings.paths.media / "videos" / video_id / "hls"
        for playlist in hls.glob("*/index.m3u8"):
            named = {line for line in playlist.read_text().splitlines() if line.endswith(".m4s")}
            assert {path.name for path in playlist.parent.glob("*.m4s")} == named
    assert not list(system.settings.paths.media.glob("incoming/*"))


def is_done(system: System, video_id: str) -> bool:
    return {task["state"] for task in tasks_of(system, video_id)} == {"done"}


def videos_of(bob: httpx.Client) -> set[str]:
    found: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        page = patiently(partial(bob.get, "/api/v1/videos", params={"cursor": cursor} if cursor else {})).json()
        found |= {video["id"] for video in page["videos"]}
        cursor = page["next_cursor"]
    return found


def leases_run_out(system: System) -> int:
    """How often the sweeper had to take a task from somebody who never gave it back."""
    return (system.home.logs / "sweeper.log").read_text().count("ran out")
