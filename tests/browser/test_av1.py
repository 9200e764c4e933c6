"""AV1 where it is asked for: made after everything else, offered when complete, preferred by who can play it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser

from server.cli import tus
from server.launcher.configuration import as_toml
from server.launcher.system import System
from tests import cast, clips
from tests.browser.house import House, wait_time
from tests.cast import BOB

SECONDS = 120
PLAYED = (
    "() => { const { api } = document.querySelector('hls-video'); return api.levels[api.currentLevel]?.videoCodec; }"
)


@pytest.fixture(scope="module")
def generous(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system that makes AV1."""
    system = System(tmp_path_factory.mktemp("av1"))
    system.home.root.mkdir(exist_ok=True)
    system.home.overrides.write_text(as_toml({"media": {"av1": True}}), encoding="utf-8")
    with system:
        yield system


def _lists_av1(api: httpx.Client, video_id: str) -> bool:
    return "av01." in api.get(f"/media/{video_id}/hls/main.m3u8").raise_for_status().text


def test_av1_is_offered_once_it_is_complete_and_then_played(generous: System, browser: Browser) -> None:
    with cast.client(generous, BOB) as api:
        video_id = tus.send(api, clips.bikes(), lambda _: None)
        assert cast.settled(api, video_id)["state"] == "ready"
        api.post("/api/v1/tickets").raise_for_status()
        deadline = time.monotonic() + SECONDS
        while not _lists_av1(api, video_id):
            pieces = api.get(f"/api/v1/videos/{video_id}").json()["renditions"]
            assert time.monotonic() < deadline, pieces
            time.sleep(cast.LOOK_SECONDS)
        video = api.get(f"/api/v1/videos/{video_id}").json()
    assert {one["name"]: one["state"] for one in video["renditions"]}["v272av1"] == "ready"
    house = House(browser, generous, {})
    page = house.open(f"/watch/{video_id}", BOB)
    page.locator("film-player").click()  # browsers want a gesture before they play
    wait_time(page, 1)
    assert page.evaluate(PLAYED).startswith("av01.")
    house.close()
    assert house.troubles == []
