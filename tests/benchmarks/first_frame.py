"""`python -m tests.benchmarks.first_frame`: seconds from the last byte of an upload to a picture that moves.

For a short and a long film, each once in what browsers play and once in what they do not, measured by the marks that
the pages set themselves (`matinee:last-byte`, `matinee:first-frame`) in a real browser against a system of its own.
"Watch now" is clicked as soon as it is there; "moves" is the first moment at which the player's time has grown.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from server.launcher.system import System
from tests import cast, clips
from tests.browser.conftest import ARGUMENTS
from tests.browser.house import House, choose, watch_now
from tests.cast import BOB

ROUNDS = 3

FILMS = {
    "H.264 + AAC, 10 s": (clips.bunny_for, 10),
    "H.264 + AAC, 10 min": (clips.bunny_for, 600),
    "MPEG-4 + AC-3, 10 s": (clips.must_be_encoded, 10),
    "MPEG-4 + AC-3, 10 min": (clips.must_be_encoded, 600),
}

# Both marks are relative to the beginning of their own document; its wall clock joins them.
_MARK = """name => {
  const [mark] = performance.getEntriesByName(name);
  return mark ? performance.timeOrigin + mark.startTime : null;
}"""
_MOVES = """() => {
  const film = document.querySelector("hls-video");
  return film && film.currentTime > 0 ? performance.timeOrigin + performance.now() : false;
}"""
_POLLING_MS = 20


def measure(browser: Browser, system: System, file: Path) -> tuple[float, float, float]:
    """Upload and watch once: seconds from the last byte to the link, to the first picture, and until it moves."""
    house = House(browser, system, {})
    page = house.open("/upload", BOB)
    choose(page, file)
    watch_now(page).wait_for()
    last_byte = page.evaluate(_MARK, "matinee:last-byte")
    offered = page.evaluate("() => performance.timeOrigin + performance.now()")
    watch_now(page).click()
    page.wait_for_url("**/watch/*")
    moves = page.wait_for_function(_MOVES, polling=_POLLING_MS).json_value()
    page.wait_for_function(f"() => ({_MARK})('matinee:first-frame')", polling=_POLLING_MS)
    first_frame = page.evaluate(_MARK, "matinee:first-frame")
    video_id = page.url.rpartition("/")[2]
    house.close()
    with cast.client(system, BOB) as api:
        api.delete(f"/api/v1/videos/{video_id}").raise_for_status()
    return (offered - last_byte) / 1000, (first_frame - last_byte) / 1000, (moves - last_byte) / 1000


def main() -> None:
    """Print the table: medians of a few rounds, in seconds."""
    with tempfile.TemporaryDirectory() as folder, System(Path(folder)) as system, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        sys.stdout.write(f"{'film':24}{'link':>8}{'picture':>9}{'moves':>8}\n")
        for name, (make, seconds) in FILMS.items():
            rounds = [measure(browser, system, make(seconds)) for _ in range(ROUNDS)]
            link, picture, moves = (statistics.median(column) for column in zip(*rounds, strict=True))
            sys.stdout.write(f"{name:24}{link:8.2f}{picture:9.2f}{moves:8.2f}\n")
            sys.stdout.flush()
        browser.close()


if __name__ == "__main__":
    main()
