"""What makes watching nicer, as people see it: posters, pictures along the time range, chapters, captions, sounds."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from server.cli import tus
from tests import clips
from tests.browser.house import House, wait_time
from tests.browser.test_pages import inspect, show_ready
from tests.cast import BOB, CHARLIE

SRT = """1
00:00:00,000 --> 00:00:20,000
<i>Guten</i> <script>Tag</script>
"""
CHAPTERS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=9000
title=The trailer
[CHAPTER]
TIMEBASE=1/1000
START=9000
END=22000
title=The trailer once more
"""
PATIENCE = 90.0

# What the captions that are on say now.
SAID = """() => [...document.querySelector("hls-video").nativeEl.textTracks]
  .find(({ kind, mode }) => kind === "subtitles" && mode === "showing")?.activeCues?.[0]?.getCueAsHTML().textContent"""


@pytest.fixture(scope="module")
def talkie(bob: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A film with everything: two sounds, captions, chapters, and all that is made beside it."""
    folder = tmp_path_factory.mktemp("talkie")
    (folder / "de.srt").write_text(SRT)
    (folder / "chapters").write_text(CHAPTERS)
    film = folder / "talkie.mkv"
    ffmpeg = ["ffmpeg", "-nostdin", "-v", "error", "-i", clips.must_be_encoded(20), "-i", folder / "de.srt"]
    ffmpeg += ["-i", folder / "chapters", "-f", "lavfi", "-i", "sine=frequency=220:duration=22"]
    ffmpeg += ["-map", "0", "-map", "3:a", "-map", "1", "-map_chapters", "2", "-c", "copy", "-c:a:1", "aac"]
    ffmpeg += ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fre", "-metadata:s:s:0", "language=ger"]
    subprocess.run([*map(str, ffmpeg), str(film)], check=True, timeout=60)
    return with_extras(bob, tus.send(bob, film, lambda _: None))


def with_extras(api: httpx.Client, video_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while True:
        video: dict[str, Any] = api.get(f"/api/v1/videos/{video_id}").raise_for_status().json()
        if video["storyboard"] and len(video["posters"]) > 2:
            return video
        assert video["state"] != "failed", video
        assert time.monotonic() < deadline, video
        time.sleep(0.2)


def look_along(page: Page, part: float) -> None:
    """Point at a place of the time range."""
    box = page.locator("media-time-range").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] / 2)


def test_the_time_range_shows_pictures_and_chapters(house: House, talkie: dict[str, Any]) -> None:
    page = house.open(talkie["page"], BOB)
    show_ready(page)
    look_along(page, 0.7)
    picture = page.locator("media-preview-thumbnail")
    expect(picture).to_be_visible()
    loaded = "(shown) => shown.shadowRoot.querySelector('img').naturalWidth > 100"
    page.wait_for_function(loaded, arg=picture.element_handle())
    expect(page.locator("media-preview-chapter-display")).to_contain_text("The trailer once more")
    inspect(page, "watch-preview")


def test_captions_are_shown_by_the_menu_and_by_the_key(house: House, talkie: dict[str, Any]) -> None:
    page = house.open(talkie["page"], CHARLIE)
    show_ready(page)
    page.keyboard.press("c")
    page.wait_for_function(SAID)
    assert page.evaluate(SAID) == "Guten Tag"
    page.locator("media-captions-menu-button").click()
    expect(page.get_by_role("menuitemradio", name="German")).to_be_visible()
    inspect(page, "watch-captions")


def test_another_sound_is_chosen_in_the_menu(house: House, talkie: dict[str, Any]) -> None:
    page = house.open(talkie["page"], BOB)
    show_ready(page)
    page.locator("media-settings-menu-button").click()
    page.locator("media-settings-menu-item.sounds").click()
    page.get_by_role("menuitemradio", name="French").click()
    page.wait_for_function("() => document.querySelector('hls-video').api.audioTrack === 1")
    inspect(page, "watch-sounds")
    page.evaluate("document.querySelector('hls-video').play()")
    wait_time(page, 3)


def test_bob_chooses_the_poster_and_adds_captions_while_charlie_watches(
    house: House, bob: httpx.Client, talkie: dict[str, Any], tmp_path: Path
) -> None:
    other = house.open(talkie["page"], CHARLIE)
    show_ready(other)
    assert other.locator(".still").count() == 0
    page = house.open(talkie["page"], BOB)
    last = talkie["posters"][-1]
    page.locator(".still").last.click()
    expect(page.locator(".still").last).to_have_attribute("aria-pressed", "true")
    assert bob.get(f"/api/v1/videos/{talkie['id']}").json()["poster"] == last["url"]

    (tmp_path / "english.srt").write_text(SRT.replace("Guten", "Good").replace("Tag", "day"))
    page.get_by_label("SRT or WebVTT file").set_input_files(str(tmp_path / "english.srt"))
    page.get_by_label("Language").fill("en")
    page.get_by_role("button", name="Add captions").click()
    expect(page.locator("#captions")).to_contain_text("English")
    inspect(page, "watch-extras")
    other.wait_for_function(
        "() => [...document.querySelector('hls-video').nativeEl.textTracks].some((one) => one.label === 'English')"
    )
    page.get_by_role("button", name="Remove the captions English").click()
    expect(page.locator("#captions")).not_to_contain_text("English")


def test_a_film_that_failed_leaves_no_empty_stage(house: House, bob: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("It was a dark and stormy night.\n")
    page = house.open(f"/watch/{tus.send(bob, tmp_path / 'notes.mp4', lambda _: None)}", BOB)
    expect(page.get_by_role("alert")).to_contain_text("is not a film that can be played")
    expect(page.locator("#stage")).to_be_hidden()


def test_sound_alone_shows_what_it_looks_like(house: House, bob: httpx.Client, tmp_path: Path) -> None:
    song = tmp_path / "radio play.m4a"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(clips.bunny_for(20)), "-vn", "-c", "copy", str(song)]
    subprocess.run(command, check=True, timeout=60)
    video_id = tus.send(bob, song, lambda _: None)
    page = house.open(f"/watch/{video_id}", BOB)
    show_ready(page)
    poster = page.locator(".player-still")
    expect(poster).to_have_attribute("src", f"/media/{video_id}/posters/0.jpg")
    page.keyboard.press("k")
    wait_time(page, 2)
    expect(poster).to_be_visible()
    page.keyboard.press("k")
    inspect(page, "watch-sound-alone")
