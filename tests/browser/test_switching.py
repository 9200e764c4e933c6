"""A copied rendition is cut where its own key frames stand, the others are not: players change between them."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from server.cli import tus
from tests import cast, clips
from tests.browser.house import House, current_time, wait_time
from tests.browser.test_seeking import shown_second
from tests.cast import BOB
from tests.integration.media.film import ffmpeg

SECONDS = 40

CHANGE = """async (level) => {
  const film = document.querySelector("hls-video");
  film.api.nextLevel = level;
  await film.play();
}"""
PLAYED_IN = """([level, time]) => {
  const film = document.querySelector("hls-video");
  return film.api.currentLevel === level && film.currentTime > time && !film.nativeEl.seeking;
}"""


@pytest.fixture
def remuxed(bob: httpx.Client, tmp_path: Path) -> str:
    """The id of a film whose squares count the seconds: H.264 in Matroska, a key frame every 2.8 seconds."""
    path = tmp_path / "clock.mkv"
    ffmpeg(
        *("-i", clips.clock(SECONDS), "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "70"),
        *("-sc_threshold", "0", "-c:a", "aac", path),
    )
    video = cast.settled(bob, tus.send(bob, path, lambda _: None))
    assert video["state"] == "ready", video["error"]
    bob.post("/api/v1/tickets").raise_for_status()
    playlists = [bob.get(video["playlist"].replace("main", f"{name}/index")).text for name in ("v480", "v720")]
    assert playlists[0] != playlists[1]
    return str(video["id"])


def test_a_player_changes_to_and_from_a_copied_rendition_without_a_hole(house: House, remuxed: str) -> None:
    page = house.open(f"/watch/{remuxed}", BOB)
    page.wait_for_function("() => document.querySelector('hls-video')?.duration > 0")
    page.evaluate("() => { document.querySelector('hls-video').muted = true; }")
    for level in (2, 0, 2, 1):
        start = current_time(page)
        page.evaluate(CHANGE, level)
        page.wait_for_function(PLAYED_IN, arg=[level, start + 1])
        assert abs(shown_second(page) - current_time(page)) <= 1
    for time in (33.5, 11.1, 5.7, 5.5):
        page.evaluate("time => { document.querySelector('hls-video').currentTime = time; }", time)
        wait_time(page, time + 0.5)
        assert abs(shown_second(page) - current_time(page)) <= 1
    page.evaluate("document.querySelector('hls-video').api.nextLevel = 2")
    wait_time(page, current_time(page) + 6)
    around = page.evaluate("""() => {
      const { buffered, currentTime } = document.querySelector("hls-video").nativeEl;
      return [...Array(buffered.length).keys()].map((n) => [buffered.start(n), buffered.end(n)])
        .filter(([start, end]) => start <= currentTime && currentTime <= end).length;
    }""")
    assert around == 1
