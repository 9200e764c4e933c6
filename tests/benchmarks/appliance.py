"""Uploading to a private appliance, and waiting for what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from server.cli import tus
from server.launcher.system import System
from tests import cast
from tests.benchmarks import machine
from tests.cast import BOB

SECONDS = 1800
_LOOK_SECONDS = 0.005


class Upload:
    """A film that has just been uploaded: `sent` is the moment at which the last request was answered."""

    def __init__(self, api: httpx.Client, film: Path) -> None:
        self._api = api
        self.video_id = tus.send(api, film, lambda _: None)
        self.sent = time.monotonic()
        api.post("/api/v1/tickets").raise_for_status()

    @property
    def age(self) -> float:
        """Seconds since the last byte."""
        return time.monotonic() - self.sent

    def playlist(self) -> str:
        """Wait for the multivariant playlist and return the address of its first media playlist of pictures."""
        main = f"/media/{self.video_id}/hls/main.m3u8"
        while (answer := self._api.get(main)).status_code != httpx.codes.OK:
            assert self.age < SECONDS, "there is no playlist"
            time.sleep(_LOOK_SECONDS)
        return _addresses(main, answer.text)[0]

    def segments(self) -> list[str]:
        """Return the addresses of the segments of the first rendition."""
        playlist = self.playlist()
        return _addresses(playlist, self._api.get(playlist).raise_for_status().text)

    def fetch(self, segment: str) -> int:
        """Fetch a segment through nginx, waiting for it as a player does, and return its size."""
        while (answer := self._api.get(segment)).status_code == httpx.codes.SERVICE_UNAVAILABLE:
            assert self.age < SECONDS, "the segment does not come"
        return len(answer.raise_for_status().content)

    def settle(self) -> dict[str, Any]:
        """Wait until the film is ready."""
        video = cast.settled(self._api, self.video_id, SECONDS)
        assert video["state"] == "ready", video["error"]
        return video


@contextmanager
def uploaded(system: System, film: Path) -> Iterator[Upload]:
    """Upload a film; it is removed when the block ends."""
    with cast.client(system, BOB) as api:
        upload = Upload(api, film)
        try:
            yield upload
        finally:
            api.delete(f"/api/v1/videos/{upload.video_id}").raise_for_status()


def prepare(system: System, film: Path) -> tuple[float, float, float]:
    """Return seconds of wall clock and processors from the last byte until ready, and until a segment came."""
    with uploaded(system, film) as upload, machine.measured() as cost:
        upload.fetch(upload.segments()[0])
        first = upload.age
        upload.settle()
    return cost.wall, cost.cpu, first


def _addresses(playlist: str, text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [str(httpx.URL(playlist).join(line)) for line in lines]
