"""Several languages and 5.1, from the upload to what a player is offered and what it hears."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import cast
from tests.integration.films.conftest import Send
from tests.integration.media.film import decoded_sound, ffmpeg

PATIENCE = 60.0
SECONDS = 7


@pytest.fixture(scope="module")
def film(bob: httpx.Client, send: Send, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A film with English 5.1 in AAC, German in Opus and a commentary, ready and measured."""
    path = tmp_path_factory.mktemp("tongues") / "tongues.mp4"
    surround = "|".join(f"0.1*sin(2*PI*{tone}*t)" for tone in (300, 400, 500, 60, 600, 700))
    inputs = [
        "testsrc2=size=128x72:rate=10",
        f"aevalsrc={surround}:c=5.1:s=48000",
        "sine=frequency=440:sample_rate=48000",
        "sine=frequency=880:sample_rate=44100",
    ]
    sources = [word for made in inputs for word in ("-f", "lavfi", "-i", made)]
    mapped = [word for number in range(4) for word in ("-map", f"{number}")]
    tags = [f"language={tag}" for tag in ("eng", "ger", "eng")]
    said = [word for number, tag in enumerate(tags) for word in (f"-metadata:s:a:{number}", tag)]
    codecs = ("-c:v", "libx264", "-c:a", "aac", "-c:a:1", "libopus", "-disposition:a:2", "comment")
    ffmpeg(*sources, *mapped, *said, *codecs, "-t", f"{SECONDS}", path)
    video = cast.settled(bob, send(path.name.encode(), path.read_bytes()).headers["Matinee-Video"])
    assert video["state"] == "ready", video["error"]
    bob.post("/api/v1/tickets").raise_for_status()
    deadline = time.monotonic() + PATIENCE
    while not _loudness(video).get("a3"):
        assert time.monotonic() < deadline, video
        time.sleep(0.2)
        video = bob.get(f"/api/v1/videos/{video['id']}").raise_for_status().json()
    return video


def _loudness(video: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one["loudness"] for one in video["renditions"] if one["kind"] == "audio"}


def test_a_player_is_offered_every_sound_by_its_name(bob: httpx.Client, film: dict[str, Any]):
    text = bob.get(film["playlist"]).raise_for_status().text
    sounds = re.findall(r'TYPE=AUDIO.*?NAME="(.*?)".*?DEFAULT=(\w+),AUTOSELECT=(\w+).*?CHANNELS="(\d)"', text)
    assert sounds == [
        ("English", "YES", "YES", "2"),
        ("English 5.1", "NO", "NO", "6"),
        ("German", "NO", "YES", "1"),
        ("English 2", "NO", "NO", "1"),
    ]
    variants = re.findall(r"#EXT-X-STREAM-INF:.*", text)
    assert variants
    assert all('AUDIO="sound"' in variant for variant in variants)


@pytest.mark.parametrize(("name", "rate"), [("a1", 48_000), ("a1s", 48_000), ("a2", 48_000), ("a3", 44_100)])
def test_every_sound_plays_to_its_end(bob: httpx.Client, film: dict[str, Any], name: str, rate: int, tmp_path: Path):
    base = film["playlist"].replace("main.m3u8", f"{name}/")
    playlist = bob.get(f"{base}index.m3u8").raise_for_status().text
    parts = ["init.mp4", *(line for line in playlist.splitlines() if line.endswith(".m4s"))]
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(b"".join(bob.get(base + part).raise_for_status().content for part in parts))
    samples = decoded_sound(joined)
    assert len(samples) == pytest.approx(SECONDS * rate, abs=3 * 1024)
    assert max(map(abs, samples[-rate:])) > 0.02


def test_what_players_need_to_even_out_the_sounds_is_told(film: dict[str, Any]):
    measured = _loudness(film)
    assert measured["a1s"] is None
    for name in ("a1", "a2", "a3"):
        assert measured[name]["integrated_lufs"] < -15
        assert measured[name]["gain_db"] <= -1 - measured[name]["true_peak_dbtp"]
