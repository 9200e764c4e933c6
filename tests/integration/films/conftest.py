from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import httpx
import pytest

from server.launcher.system import System
from tests import cast

Send = Callable[[bytes, bytes], httpx.Response]


@pytest.fixture(scope="session")
def bob(system: System) -> Iterator[httpx.Client]:
    with cast.client(system, cast.BOB) as api:
        yield api


@pytest.fixture(scope="session")
def charlie(system: System) -> Iterator[httpx.Client]:
    with cast.client(system, cast.CHARLIE) as api:
        yield api


@pytest.fixture(scope="session")
def send(bob: httpx.Client) -> Send:
    """Upload a file in one request: its name as bytes, and its content."""

    def send(name: bytes, content: bytes) -> httpx.Response:
        headers = {
            "Tus-Resumable": "1.0.0",
            "Upload-Length": str(len(content)),
            "Upload-Metadata": f"filename {base64.b64encode(name).decode()}".strip(),
            "Content-Type": "application/offset+octet-stream",
        }
        return bob.post("/api/v1/uploads", content=content, headers=headers)

    return send


@pytest.fixture(autouse=True)
def unharmed(system: System) -> Iterator[None]:
    """Whatever a test sends: no part of the system may die of it, and nothing half-made may stay."""
    media = system.settings.paths.media
    before = {part["name"]: part["pid"] for part in system.status()["parts"]}
    spooled = set(media.glob("incoming/*"))
    yield
    assert {part["name"]: part["pid"] for part in system.status()["parts"]} == before
    assert set(media.glob("incoming/*")) == spooled
    half_made = {path.parent for path in media.glob("videos/*/hls/*/*.m4s")}
    half_made = {folder for folder in half_made if not (folder / "index.m3u8").exists()}
    assert half_made == set()
