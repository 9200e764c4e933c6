"""Uploads that are paused, cut off, dropped, or come in company."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import JSHandle, Page, Request, expect

from server.cli import tus
from tests import cast, clips
from tests.browser.house import House, choose, video_of, watch_now
from tests.cast import BOB, CHARLIE

SLOW = 1_000_000  # bytes per second
FILM_SECONDS = 60.0  # of the cartoon: some 12 MB


def slow_down(page: Page, rate: int) -> None:
    """Give the page a network that takes `rate` bytes per second; -1 for no limit."""
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", conditions)


def wait_until_some_is_sent(page: Page) -> None:
    page.wait_for_function("() => document.querySelector('upload-row progress')?.value > 0.15")


def offsets(requests: list[Request]) -> list[int]:
    """Where the PATCH requests began."""
    return [int(each.headers["upload-offset"]) for each in requests if each.method == "PATCH"]


def spooled(house: House) -> set[Path]:
    return set(house.system.settings.paths.media.joinpath("incoming").iterdir())


def test_an_upload_is_paused_and_goes_on_where_it_was(house: House, bob: httpx.Client) -> None:
    page = house.open("/upload", BOB)
    slow_down(page, SLOW)
    choose(page, film := clips.bunny_for(FILM_SECONDS))
    wait_until_some_is_sent(page)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("upload-row .state-line")).to_contain_text("Paused at")
    slow_down(page, -1)
    page.get_by_role("button", name="Resume").click()
    video_id = video_of(page)
    first, second = offsets(house.requests)
    assert first == 0
    assert 0 < second < film.stat().st_size
    assert bob.get(f"/api/v1/videos/{video_id}").json()["size"] == film.stat().st_size
    bob.delete(f"/api/v1/videos/{video_id}").raise_for_status()


def test_a_closed_tab_costs_nothing_but_choosing_the_file_again(house: House, bob: httpx.Client) -> None:
    before = spooled(house)
    page = house.open("/upload", BOB)
    slow_down(page, SLOW)
    choose(page, film := clips.bunny_for(FILM_SECONDS))
    wait_until_some_is_sent(page)
    again = page.context.new_page()
    page.close()
    begin = len(house.requests)
    again.goto("/upload")
    reminder = again.locator(".unfinished")
    expect(reminder).to_contain_text(film.name)
    expect(reminder).to_contain_text("What was sent is safe")
    (spool,) = spooled(house) - before
    arrived = spool.stat().st_size
    with again.expect_file_chooser() as chooser:
        reminder.get_by_role("button", name="Choose the file again").click()
    chooser.value.set_files(film)
    video_id = video_of(again)
    assert offsets(house.requests[begin:]) == [arrived]
    assert 0 < arrived < film.stat().st_size
    original = house.system.settings.paths.media / "videos" / video_id / "original"
    assert original.read_bytes() == film.read_bytes()
    bob.delete(f"/api/v1/videos/{video_id}").raise_for_status()


def test_a_cancelled_upload_is_forgotten_by_both_sides(house: House) -> None:
    before = spooled(house)
    page = house.open("/upload", BOB)
    slow_down(page, SLOW)
    choose(page, clips.bunny_for(FILM_SECONDS))
    wait_until_some_is_sent(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("upload-row")).to_have_count(0)
    assert spooled(house) == before
    page.reload()
    expect(page.locator(".unfinished")).to_have_count(0)


def test_several_films_come_in_side_by_side(house: House) -> None:
    page = house.open("/upload", BOB)
    choose(page, clips.carphone(), clips.bikes(), clips.damaged())
    rows = page.locator("upload-row")
    expect(rows).to_have_count(3)
    for name in ("carphone_pristine", "bikes", "Megamind_bugy"):
        expect(rows.filter(has_text=name).get_by_role("link", name="Watch now")).to_be_visible()


def test_what_is_no_film_says_so_in_its_row(house: House, tmp_path: Path) -> None:
    page = house.open("/upload", BOB)
    (text := tmp_path / "notes.mp4").write_text("It was a dark and stormy night.\n" * 100)
    choose(page, text)
    expect(page.locator("upload-row .state-line")).to_contain_text("is not a film that can be played")
    expect(watch_now(page)).to_have_count(0)


def test_an_empty_file_says_so_before_it_is_sent(house: House, tmp_path: Path) -> None:
    house.forgiven = ("status of 400",)
    page = house.open("/upload", BOB)
    (nothing := tmp_path / "nothing.mp4").touch()
    choose(page, nothing)
    expect(page.locator("upload-row .state-line")).to_contain_text("The file is empty")


def dragged(page: Page, *files: Path) -> JSHandle:
    """What a drag of files carries, made within the page as the desktop would."""
    contents = [[file.name, base64.b64encode(file.read_bytes()).decode()] for file in files]
    return page.evaluate_handle(
        """files => {
          const carried = new DataTransfer();
          for (const [name, content] of files)
            carried.items.add(new File([Uint8Array.from(atob(content), (c) => c.charCodeAt(0))], name));
          return carried;
        }""",
        contents,
    )


@pytest.mark.parametrize("target", ["h1", "header"])
def test_films_dropped_anywhere_on_the_library_are_taken_and_appear_there(
    house: House, bob: httpx.Client, target: str
) -> None:
    older = tus.send(bob, clips.carphone(), lambda _: None)
    page = house.open("/", BOB)
    films = page.locator("#films article")
    expect(films.nth(0)).to_have_id(f"video-{older}")
    carried = dragged(page, clips.carphone(), clips.bikes())
    page.dispatch_event(target, "dragenter", {"dataTransfer": carried})
    expect(page.locator(".drop-veil")).to_be_visible()
    page.dispatch_event(target, "dragover", {"dataTransfer": carried})
    page.dispatch_event(target, "drop", {"dataTransfer": carried})
    expect(page.locator(".drop-veil")).to_be_hidden()
    expect(films.nth(2)).to_have_id(f"video-{older}")
    for film in (films.nth(0), films.nth(1)):
        expect(film.locator("video-progress")).to_have_count(0)  # ready
        expect(film.locator("img")).to_have_js_property("complete", value=True)


def test_a_viewer_is_offered_no_upload(house: House) -> None:
    house.forgiven = ("status of 403",)
    page = house.open("/", CHARLIE)
    expect(page.get_by_role("link", name="Upload")).to_have_count(0)
    expect(page.locator("drop-target")).to_have_count(0)
    page.goto("/upload")
    expect(page.get_by_role("heading", level=1)).to_have_text("That is not allowed")


def test_a_film_is_added_while_another_persons_library_is_open(house: House, bob: httpx.Client) -> None:
    page = house.open("/", CHARLIE)
    newest = page.locator("#films article").first
    uploading = house.open("/upload", BOB)
    choose(uploading, clips.carphone())
    video_id = video_of(uploading)
    expect(newest).to_have_attribute("id", f"video-{video_id}")
    assert cast.settled(bob, video_id)["state"] == "ready"
    expect(newest.locator("img")).to_be_visible()
