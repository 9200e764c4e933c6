"""Whoever jumps far ahead in a film that has only just arrived sees the right picture soon."""

from __future__ import annotations

import httpx
from playwright.sync_api import Page, expect

from tests import clips
from tests.browser.house import House, choose, current_time, watch_now
from tests.cast import BOB

MINUTES = 10

# The second that the squares of `clips.clock` show on the picture that is on the screen now.
READ = """() => {
  const media = document.querySelector("hls-video").nativeEl;
  const canvas = new OffscreenCanvas(16, 9).getContext("2d", { willReadFrequently: true });
  canvas.imageSmoothingEnabled = false;
  canvas.drawImage(media, 0, 0, 16, 9);
  const row = canvas.getImageData(0, 4, 16, 1).data;
  return [...Array(16).keys()].reduce((second, bit) => second + (row[4 * bit] > 128 ? 2 ** bit : 0), 0);
}"""


def shown_second(page: Page) -> int:
    return int(page.evaluate(READ))


def test_a_jump_to_the_end_of_ten_minutes_shows_the_right_picture(house: House, bob: httpx.Client) -> None:
    film = clips.clock(MINUTES * 60)
    page = house.open("/upload", BOB)
    choose(page, film)
    watch_now(page).click()
    page.wait_for_function("() => document.querySelector('hls-video')?.duration > 0")
    video_id = page.url.rpartition("/")[2]
    page.keyboard.press("9")
    page.wait_for_function("""() => {
      const media = document.querySelector("hls-video").nativeEl;
      return media.currentTime >= 540 && !media.seeking && media.readyState >= 2;
    }""")
    page.evaluate("document.querySelector('hls-video').pause()")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert abs(shown_second(page) - current_time(page)) <= 1
    assert shown_second(page) >= 0.9 * MINUTES * 60 - 1
    expect(page.locator("[data-retry]")).to_be_hidden()
    video = bob.get(f"/api/v1/videos/{video_id}").raise_for_status().json()
    assert video["state"] == "preparing"
    assert video["progress"]["done"] < video["progress"]["total"] / 2
    asked = [request.url for request in house.requests if request.url.endswith(".m4s") and "/v" in request.url]
    lowest = min(video["renditions"], key=lambda one: int(one["name"][1:]) if one["kind"] == "video" else 9999)
    after = asked[next(number for number, url in enumerate(asked) if int(url[-9:-4]) > 100) :]
    assert f"/{lowest['name']}/" in after[0], after  # what is there soonest comes first
    bob.delete(f"/api/v1/videos/{video_id}").raise_for_status()
