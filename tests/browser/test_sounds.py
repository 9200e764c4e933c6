"""Choosing among the sounds of a film: what is chosen is what is heard."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from server.cli import tus
from tests import cast
from tests.browser.house import House, wait_time
from tests.cast import BOB
from tests.integration.media.film import ffmpeg

# Resolves to the strongest frequency in hertz, once it is near the one that is asked for.
HEARD = """
async ([wanted, patience]) => {
  const media = document.querySelector("hls-video").nativeEl;
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 8192 });
  context.createMediaStreamSource(media.captureStream()).connect(analyser);
  const levels = new Float32Array(analyser.frequencyBinCount);
  const end = performance.now() + patience;
  let strongest = 0;
  while (Math.abs(strongest - wanted) > 20 && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    analyser.getFloatFrequencyData(levels);
    strongest = (levels.indexOf(Math.max(...levels)) * context.sampleRate) / analyser.fftSize;
  }
  await context.close();
  return strongest;
}
"""
CHOOSE = "name => { const { api } = document.querySelector('hls-video'); \
api.audioTrack = api.audioTracks.findIndex((track) => track.name === name); }"
PATIENCE_MS = 30_000


def _film(path: Path) -> Path:
    surround = "|".join(["0.2*sin(2*PI*600*t)"] * 6)
    made = [
        "testsrc2=size=160x90:rate=10",
        f"aevalsrc={surround}:c=5.1:s=48000",
        "aevalsrc=0.3*sin(2*PI*1800*t):s=48000",
    ]
    sources = [word for source in made for word in ("-f", "lavfi", "-i", source)]
    tags = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger")
    ffmpeg(*sources, "-map", "0", "-map", "1", "-map", "2", *tags, "-c:a", "aac", "-t", "40", path)
    return path


def _heard(page: Page, wanted: int) -> float:
    return float(page.evaluate(HEARD, [wanted, PATIENCE_MS]))


def test_who_chooses_another_sound_hears_it(house: House, bob: httpx.Client, tmp_path: Path) -> None:
    video_id = tus.send(bob, _film(tmp_path / "film.mp4"), lambda _: None)
    assert cast.settled(bob, video_id)["state"] == "ready"
    page = house.open(f"/watch/{video_id}", BOB)
    page.locator("film-player").click()
    wait_time(page, 0.5)
    assert page.evaluate("document.querySelector('hls-video').api.audioTracks.map((track) => track.name)") == [
        "English",
        "English 5.1",
        "German",
    ]
    assert _heard(page, 600) == pytest.approx(600, abs=20)
    for chosen, tone in (("German", 1800), ("English 5.1", 600), ("German", 1800), ("English", 600)):
        page.evaluate(CHOOSE, chosen)
        assert _heard(page, tone) == pytest.approx(tone, abs=20), chosen
    before = float(page.evaluate("document.querySelector('hls-video').currentTime"))
    wait_time(page, before + 1)
