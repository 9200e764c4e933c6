"""Every page in every light: nothing for axe to find, nothing that sticks out, and a picture for people to look at."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Page, expect

from server.cli import tus
from server.launcher.home import ROOT
from tests import cast, clips
from tests.browser.house import House, choose, wait_time, watch_now
from tests.cast import ALICE, BOB, Person

AXE = ROOT / "server/web/assets/node_modules/axe-core/axe.min.js"
PICTURES = ROOT / "artifacts"

# Width and height of the window, and the light in which the page is read; one after the other in one window.
LOOKS: dict[str, tuple[int, int, Literal["light", "dark"]]] = {
    "light": (1280, 800, "light"),
    "dark": (1280, 800, "dark"),
    "phone": (360, 740, "light"),
    "narrow": (320, 640, "dark"),
}


@dataclass(frozen=True)
class Films:
    """Addresses of films in every state that a page can show."""

    ready: str
    failed: str
    sound: str


@pytest.fixture(scope="module")
def films(bob: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Films:
    folder = tmp_path_factory.mktemp("films")
    (folder / "holiday notes.mp4").write_text("It was a dark and stormy night.\n")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(clips.bunny()), "-vn", "-c", "copy"]
    subprocess.run([*command, str(folder / "radio play.m4a")], check=True, timeout=60)

    def send(file: Path) -> str:
        return tus.send(bob, file, lambda _: None)

    failed, ready, heard = send(folder / "holiday notes.mp4"), send(clips.bunny()), send(folder / "radio play.m4a")
    for video_id, state in ((failed, "failed"), (ready, "ready"), (heard, "ready")):
        assert cast.settled(bob, video_id)["state"] == state
    return Films(*(f"/watch/{video_id}" for video_id in (ready, failed, heard)))


def show_ready(page: Page) -> None:
    page.wait_for_function("() => document.querySelector('hls-video').readyState === 4")
    if page.evaluate("() => document.querySelector('hls-video').paused"):
        page.keyboard.press("k")  # nobody has touched this page yet, so the browser may wait for that
    wait_time(page, 1)
    page.keyboard.press("k")


def show_row(page: Page) -> None:
    choose(page, clips.carphone())
    expect(watch_now(page)).to_be_visible()


def show_menu(page: Page) -> None:
    show_ready(page)
    page.locator("media-settings-menu-button").click()


def show_keys(page: Page) -> None:
    show_ready(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def show_question(page: Page) -> None:
    page.get_by_role("button", name="Remove…").click()


def leave(_: Page) -> None:
    """Look at the page as it opens."""


Show = Callable[[Page], None]

PAGES: dict[str, tuple[str, Person | None, Show]] = {
    "sign-in": ("/sign-in", None, leave),
    "library": ("/", BOB, leave),
    "upload": ("/upload", BOB, leave),
    "upload-done": ("/upload", BOB, show_row),
    "watch-ready": ("{ready}", BOB, show_ready),
    "watch-keys": ("{ready}", BOB, show_keys),
    "watch-menu": ("{ready}", BOB, show_menu),
    "watch-remove": ("{ready}", BOB, show_question),
    "watch-failed": ("{failed}", BOB, leave),
    "watch-sound": ("{sound}", BOB, show_ready),
    "not-found": ("/watch/111111111111", BOB, leave),
}


# Colours that fade from one look into the next are measured when they have arrived.
_SETTLE = """() => Promise.all(document.getAnimations()
  .filter((each) => each.effect.getTiming().iterations !== Infinity)
  .map((each) => each.finished.catch(() => {})))"""


def inspect(page: Page, name: str) -> None:
    """In every look: find nothing with axe-core and nothing wider than the window, and keep a picture."""
    PICTURES.mkdir(exist_ok=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for look, (width, height, light) in LOOKS.items():
        page.emulate_media(color_scheme=light)
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(_SETTLE)
        page.screenshot(path=PICTURES / f"{name}-{look}.png")
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == [], look
        wide, window = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide <= window, look


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_open_to_everybody(house: House, films: Films, name: str) -> None:
    cast.introduce(house.system, ALICE)  # else every door leads to the first run
    house.forgiven = ("status of 404",)
    address, person, show = PAGES[name]
    page = house.open(address.format(**vars(films)), person)
    show(page)
    inspect(page, name)


def test_the_page_of_a_film_that_is_being_prepared_is_open_to_everybody(house: House, bob: httpx.Client) -> None:
    video_id = tus.send(bob, clips.must_be_encoded(60), lambda _: None)
    page = house.open(f"/watch/{video_id}", BOB)
    show_ready(page)
    inspect(page, "watch-preparing")
    bob.delete(f"/api/v1/videos/{video_id}").raise_for_status()


@pytest.mark.usefixtures("nobody_yet")
def test_the_first_page_of_all_is_open_to_everybody(house: House) -> None:
    page = house.open("/")
    expect(page).to_have_url(f"{house.system.address}/welcome")
    inspect(page, "welcome")


def test_a_page_says_what_it_has_to_say_without_scripts(house: House, films: Films) -> None:
    page = house.open("/", BOB, java_script_enabled=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("Library")
    expect(page.get_by_role("link", name="bigbuckbunny")).not_to_have_count(0)
    page.goto(films.failed)
    expect(page.get_by_role("alert")).to_contain_text("is not a film that can be played")
