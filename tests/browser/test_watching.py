"""From the drop to the picture: alice watches a film while it is still being prepared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from server.cli import tus
from tests import cast, clips
from tests.browser.house import House, choose, current_time, video_of, wait_time, watch_now
from tests.cast import ALICE, BOB

LONG = 60.0  # seconds of film: enough that nobody prepares it while a test looks at it


@pytest.fixture
def made(bob: httpx.Client) -> Iterator[list[str]]:
    """Ids of films that are to be removed at the end: nobody needs them ready."""
    ids: list[str] = []
    yield ids
    for video_id in ids:
        bob.delete(f"/api/v1/videos/{video_id}").raise_for_status()


def state_of(bob: httpx.Client, video_id: str) -> dict[str, Any]:
    return dict(bob.get(f"/api/v1/videos/{video_id}").raise_for_status().json())


def paths_since(house: House, begin: int) -> list[str]:
    return [request.url.removeprefix(house.system.address) for request in house.requests[begin:]]


def upload_and_watch(page: Page) -> str:
    choose(page, clips.must_be_encoded(LONG))
    watch_now(page).click()
    page.wait_for_url("**/watch/*")
    return page.url.rpartition("/")[2]


def test_the_line_of_an_upload_is_honest_and_live_without_polling(house: House, bob: httpx.Client) -> None:
    page = house.open("/upload", BOB)
    begin = len(house.requests)
    choose(page, clips.must_be_encoded(20))
    video_id = video_of(page)
    expect(page.locator(f'video-progress[video-id="{video_id}"] .state-line')).to_have_text("Ready")
    said: list[str] = page.evaluate("window.said")
    phases = dict.fromkeys(re.sub(r"\W.*", "", line) for line in said)
    assert [each for each in phases if each != "Finishing"] == ["Uploading", "Checking", "Preparing", "Ready"], said
    counted = [match for line in said if (match := re.match(r"Preparing (\d+) of (\d+)", line))]
    done = [int(match[1]) for match in counted]
    assert done == sorted(done)
    assert len(set(done)) >= 3, said
    assert len({match[2] for match in counted}) == 1
    asked = [path for path in paths_since(house, begin) if not path.startswith(("/api/v1/uploads", "/static/"))]
    assert len(asked) <= 1, asked  # the state once, when the last byte has arrived; events tell the rest
    assert state_of(bob, video_id)["state"] == "ready"


def test_a_film_is_watched_while_it_is_being_prepared_and_becomes_ready_on_the_open_page(
    house: House, bob: httpx.Client
) -> None:
    page = house.open("/upload", BOB)
    video_id = upload_and_watch(page)
    wait_time(page, 1.5)
    assert state_of(bob, video_id)["state"] == "preparing"
    before = current_time(page)
    wait_time(page, before + 1)
    assert state_of(bob, video_id)["state"] == "preparing"
    expect(page.locator("#state .state-line")).to_have_text(re.compile(r"Preparing \d+ of \d+"))
    page.evaluate("window.sameDocument = true")
    expect(page.locator("#facts")).to_contain_text("Ready")
    expect(page.locator("#state")).to_be_empty()
    assert page.evaluate("window.sameDocument")
    assert state_of(bob, video_id)["state"] == "ready"


def test_the_end_of_a_film_is_there_at_once_for_who_jumps_to_it(
    house: House, bob: httpx.Client, made: list[str]
) -> None:
    page = house.open("/upload", BOB)
    made.append(video_id := upload_and_watch(page))
    page.wait_for_function("() => document.querySelector('hls-video').duration > 0")
    length = float(page.evaluate("document.querySelector('hls-video').duration"))
    assert length == pytest.approx(state_of(bob, video_id)["duration"], abs=0.1)
    page.keyboard.press("9")
    wait_time(page, 0.9 * length + 1)
    video = state_of(bob, video_id)
    assert video["state"] == "preparing"
    assert video["progress"]["done"] < video["progress"]["total"]


def test_a_page_opened_before_the_film_is_playable_starts_by_itself(house: House, bob: httpx.Client) -> None:
    with cast.client(house.system, ALICE) as alice:
        alice.post("/api/v1/workers/pause", json={"all": True}).raise_for_status()
        try:
            video_id = tus.send(bob, clips.bikes(), lambda _: None)
            page = house.open(f"/watch/{video_id}", BOB)
            assert state_of(bob, video_id)["state"] == "checking"
        finally:
            alice.post("/api/v1/workers/resume", json={"all": True}).raise_for_status()
    wait_time(page, 0.5)
    assert cast.settled(bob, video_id)["state"] == "ready"


def test_a_removed_film_leaves_every_open_library(house: House) -> None:
    page = house.open("/upload", BOB)
    choose(page, clips.carphone())
    video_id = video_of(page)
    expect(watch_now(page)).to_be_visible()
    library = house.open("/", BOB)
    expect(library.locator(f"#video-{video_id}")).to_be_visible()
    page.goto(f"/watch/{video_id}")
    page.get_by_role("button", name="Remove…").click()
    page.get_by_role("button", name="Remove the film").click()
    page.wait_for_url(f"{house.system.address}/")
    expect(library.locator(f"#video-{video_id}")).to_have_count(0)
