"""Home films whose pictures browsers play, in containers that they do not: watched as they are, not encoded again."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.launcher.system import System
from tests import cast, clips
from tests.integration.films.conftest import Send
from tests.integration.media.film import ffmpeg

SECONDS = 20


def _copied(*options: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        ffmpeg("-i", clips.bunny_for(SECONDS), "-map", "0:v", "-map", "0:a", "-c", "copy", *options, path)

    return make


def _encoded(*options: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        ffmpeg("-i", clips.bunny_for(SECONDS), "-map", "0:v", "-c:v", "libx264", "-preset", "ultrafast", *options, path)

    return make


FILMS = {
    "H.264 with AC-3 in Matroska": ("film.mkv", _copied("-c:a", "ac3")),
    "H.264 with AAC in MPEG-TS": ("film.ts", _copied()),
    "H.264 with AAC in fragmented MP4": ("film.mp4", _copied("-movflags", "frag_keyframe+empty_moov")),
}


def pictures_of(file: Path) -> list[str]:
    """The MD5 of every picture that a decoder gets out of a file."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(file), "-map", "0:v:0", "-fps_mode", "passthrough"]
    done = subprocess.run([*command, "-f", "framemd5", "-"], check=True, capture_output=True, text=True, timeout=120)
    return [line.rpartition(",")[2].strip() for line in done.stdout.splitlines() if not line.startswith("#")]


def taken_in(bob: httpx.Client, send: Send, path: Path) -> dict[str, Any]:
    """Upload a film, and wait until it is ready."""
    video = cast.settled(bob, send(path.name.encode(), path.read_bytes()).headers["Matinee-Video"])
    assert video["state"] == "ready", video["error"]
    bob.post("/api/v1/tickets").raise_for_status()
    return video


def fetched(bob: httpx.Client, video: dict[str, Any], name: str, folder: Path) -> tuple[Path, list[float]]:
    """Fetch a rendition and lay its segments end to end; return it with the lengths that its playlist tells."""
    base = video["playlist"].replace("main.m3u8", f"{name}/")
    playlist = bob.get(f"{base}index.m3u8").raise_for_status().text
    parts = [line for line in playlist.splitlines() if line and not line.startswith("#")]
    file = folder / f"{name}.mp4"
    file.write_bytes(b"".join(bob.get(f"{base}{part}").raise_for_status().content for part in ("init.mp4", *parts)))
    return file, [float(length) for length in re.findall(r"#EXTINF:([0-9.]+),", playlist)]


@pytest.fixture(params=FILMS.values(), ids=[*FILMS])
def film(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    name, make = request.param
    path: Path = tmp_path / name
    make(path)
    return path


def test_the_largest_rendition_is_the_film_itself_and_heals_from_the_film_alone(
    system: System, bob: httpx.Client, send: Send, film: Path, tmp_path: Path
) -> None:
    video = taken_in(bob, send, film)
    assert "v720/index.m3u8" in bob.get(video["playlist"]).text
    copied, lengths = fetched(bob, video, "v720", tmp_path)
    wanted = pictures_of(film)
    assert pictures_of(copied) == wanted
    for name in ("v360", "v480"):
        encoded, others = fetched(bob, video, name, tmp_path)
        assert len(pictures_of(encoded)) == len(wanted)
        assert sum(others) == pytest.approx(sum(lengths), abs=0.1)
        assert others != lengths

    lost = system.settings.paths.media / "videos" / video["id"] / "hls/v720/00002.m4s"
    before = lost.read_bytes()
    lost.unlink()
    assert bob.get(video["playlist"].replace("main.m3u8", "v720/00002.m4s")).content == before
    assert lost.read_bytes() == before
    bob.delete(f"/api/v1/videos/{video['id']}").raise_for_status()


def test_pictures_that_cannot_be_cut_are_encoded_and_nobody_hears_of_it(
    bob: httpx.Client, send: Send, tmp_path: Path
) -> None:
    path = tmp_path / "open.mkv"
    _encoded("-x264-params", "open-gop=1:keyint=20:bframes=3:scenecut=0")(path)
    video = taken_in(bob, send, path)
    encoded, lengths = fetched(bob, video, "v720", tmp_path)
    assert lengths[:3] == [2, 2, 4]
    wanted = pictures_of(path)
    pictures = pictures_of(encoded)
    assert len(pictures) == len(wanted)
    assert pictures != wanted
    done = bob.get("/api/v1/tasks", params={"video": video["id"]}).raise_for_status().json()["tasks"]
    assert {task["state"] for task in done if task["kind"] == "remux"} == {"done"}
    bob.delete(f"/api/v1/videos/{video['id']}").raise_for_status()
