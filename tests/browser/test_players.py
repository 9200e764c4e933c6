"""What Matinee makes plays in a player by other people, which reads every playlist in its own way."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from server.cli import tus
from server.launcher.home import ROOT
from tests import clips
from tests.browser.house import House
from tests.browser.test_extras import with_extras
from tests.cast import BOB

PLAYERS = ROOT / "tests/browser/players"
SRT = "1\n00:00:00,000 --> 00:00:20,000\nGuten Tag\n"

OPEN = """async (playlist) => {
  const media = document.body.appendChild(document.createElement("video"));
  media.muted = true;
  window.media = media;
  window.troubles = [];
  shaka.polyfill.installAll();
  const player = (window.player = new shaka.Player());
  player.addEventListener("error", ({ detail }) => window.troubles.push(String(detail)));
  await player.attach(media);
  await player.load(playlist);
  await media.play();
}"""


@pytest.fixture(scope="session")
def shaka() -> Path:
    """Shaka Player, fetched once by npm, checked against the lock, and kept outside git."""
    home = ROOT / ".cache/players"
    script = home / "node_modules/shaka-player/dist/shaka-player.compiled.js"
    if not script.exists() or (home / "package-lock.json").read_bytes() != (PLAYERS / "package-lock.json").read_bytes():
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(PLAYERS, home, ignore=shutil.ignore_patterns("node_modules"))
        command = [*npm(), "ci", "--ignore-scripts", "--loglevel=error", "--no-progress", "--no-update-notifier"]
        subprocess.run(command, cwd=home, check=True, timeout=300, stdout=subprocess.DEVNULL)
    return script


def npm() -> list[str]:
    """The npm of this machine, else the one that `make` has fetched."""
    if os.access(shutil.which("npm") or "", os.X_OK):
        return ["npm"]
    return [str(next((ROOT / ".cache/node").rglob("bin/node"))), str(next((ROOT / ".cache/node").rglob("npm-cli.js")))]


@pytest.fixture(scope="module")
def talkie(bob: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A finished film that had to be encoded, with captions."""
    folder = tmp_path_factory.mktemp("players")
    (folder / "de.srt").write_text(SRT)
    film = folder / "talkie.mkv"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(clips.must_be_encoded(20)), "-i", str(folder / "de.srt")]
    command += ["-map", "0", "-map", "1", "-c", "copy", "-metadata:s:s:0", "language=ger", str(film)]
    subprocess.run(command, check=True, timeout=60)
    return with_extras(bob, tus.send(bob, film, lambda _: None))


def wait(page: Page, seconds: float) -> None:
    page.wait_for_function("(seconds) => window.media.currentTime > seconds || window.troubles.length", arg=seconds)
    assert page.evaluate("window.troubles") == []


def test_a_finished_film_plays_in_shaka_player(house: House, shaka: Path, talkie: dict[str, Any]) -> None:
    page = house.open("/", BOB, bypass_csp=True)
    page.add_script_tag(path=shaka)
    page.evaluate(OPEN, talkie["playlist"])
    found = page.evaluate("window.player.getVariantTracks().map(({ height, videoCodec }) => [height, videoCodec])")
    wait(page, 3)
    rungs = [one for one in talkie["renditions"] if one["kind"] == "video"]
    assert len({height for height, _ in found}) == len(rungs)
    assert all(codec.startswith("avc1.") for _, codec in found)
    assert page.evaluate("window.player.getTextTracks().map(({ language, label }) => [language, label])") == [
        ["de", "German"]
    ]
    length = float(page.evaluate("window.media.duration"))
    assert length == pytest.approx(talkie["duration"], abs=0.2)

    page.evaluate("window.player.selectTextTrack(window.player.getTextTracks()[0])")
    page.evaluate("window.media.currentTime = window.media.duration - 4")
    wait(page, length - 3)
    begin = len(house.requests)
    page.evaluate("window.media.currentTime = 0; window.player.trickPlay(4)")
    wait(page, 6)
    asked = [request for request in house.requests[begin:] if request.headers.get("range")]
    assert asked, "leafing reads key frames alone"
