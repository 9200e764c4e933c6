"""Real films through nginx: every rendition, every segment, every picture, and nobody without a ticket."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.launcher.system import System
from tests import cast, clips
from tests.integration.films.conftest import Send

GRACE = 0.1  # seconds: the last AAC frame may run past the last picture


@dataclass(frozen=True)
class Film:
    """An uploaded film: its video document, the file that it was made from, and its playlists by rendition."""

    video: dict[str, Any]
    source: Path
    playlists: dict[str, str]

    def address(self, part: str) -> str:
        return f"/media/{self.video['id']}/hls/{part}"

    @property
    def parts(self) -> list[str]:
        """Every init segment and segment that the playlists name."""
        return [part for name, text in self.playlists.items() for part in parts_of(name, text)]


def parts_of(rendition: str, playlist: str) -> list[str]:
    init = re.findall(r'#EXT-X-MAP:URI="(.+?)"', playlist)
    segments = [line for line in playlist.splitlines() if line and not line.startswith("#")]
    return [f"{rendition}/{name}" for name in init + segments]


def renditions_of(multivariant: str) -> list[str]:
    named = re.findall(r'URI="(.+?)"', multivariant)
    named += [line for line in multivariant.splitlines() if line and not line.startswith("#")]
    return [name.removesuffix("/index.m3u8") for name in named]


SOURCES: dict[str, tuple[Callable[[], Path], set[str]]] = {
    "H.264 with AAC 5.1 in MP4": (clips.bunny, {"a1", "a1s", "v360", "v480", "v720"}),
    "MS-MPEG-4 without sound in AVI": (clips.vtest, {"v360", "v480", "v576"}),
    "MPEG-4 with AC-3 in AVI": (clips.megamind, {"a1", "v240", "v360", "v528"}),
}


@pytest.fixture(scope="module", params=SOURCES.values(), ids=[*SOURCES])
def film(request: pytest.FixtureRequest, bob: httpx.Client, send: Send) -> Film:
    """A film of bob's that is ready, whose renditions are those of its kind."""
    find, expected = request.param
    video = cast.settled(bob, send(find().name.encode(), find().read_bytes()).headers["Matinee-Video"])
    assert video["state"] == "ready", video["error"]
    bob.post("/api/v1/tickets").raise_for_status()
    names = renditions_of(bob.get(video["playlist"]).raise_for_status().text)
    assert set(names) == expected
    base = video["playlist"].removesuffix("main.m3u8")
    return Film(video, find(), {name: bob.get(f"{base}{name}/index.m3u8").raise_for_status().text for name in names})


def decoded(file: Path, stream: str) -> tuple[int, float]:
    """Decode one stream of a file without a single complaint; return its frames and its length in seconds."""
    command = ["ffprobe", "-v", "error", "-select_streams", stream, "-count_frames", "-of", "json"]
    command += ["-show_entries", "stream=nb_read_frames:packet=pts_time", str(file)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    times = [float(packet["pts_time"]) for packet in found["packets"]]
    between = (max(times) - min(times)) / (len(times) - 1)
    return int(found["streams"][0]["nb_read_frames"]), max(times) - min(times) + between


def frames_of(source: Path) -> int:
    command = ["ffprobe", "-v", "quiet", "-select_streams", "v:0", "-count_frames", "-of", "csv=p=0"]
    command += ["-show_entries", "stream=nb_read_frames", str(source)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.strip(",\n"))


def joined(bob: httpx.Client, film: Film, rendition: str, folder: Path) -> Path:
    """Fetch the init segment and all segments of a rendition and lay them end to end."""
    file = folder / f"{rendition}.mp4"
    with file.open("wb") as out:
        for part in parts_of(rendition, film.playlists[rendition]):
            answer = bob.get(film.address(part))
            assert answer.status_code == 200, part
            assert answer.headers["Content-Type"] == "video/mp4" if part.endswith("init.mp4") else True
            out.write(answer.content)
    return file


def test_every_picture_is_in_every_rendition(bob: httpx.Client, film: Film, tmp_path: Path) -> None:
    expected = frames_of(film.source)
    for name in film.playlists:
        if name.startswith("v"):
            frames, seconds = decoded(joined(bob, film, name, tmp_path), "v:0")
            assert frames == expected, name
            assert seconds == pytest.approx(film.video["duration"], abs=GRACE), name


def test_the_sound_is_as_long_as_the_film(bob: httpx.Client, film: Film, tmp_path: Path) -> None:
    if "a1" not in film.playlists:
        assert film.source == clips.vtest()
        return
    _, seconds = decoded(joined(bob, film, "a1", tmp_path), "a:0")
    assert seconds == pytest.approx(film.video["duration"], abs=GRACE)


def test_the_playlists_say_how_long_the_film_is(film: Film) -> None:
    for name, text in film.playlists.items():
        assert text.endswith("#EXT-X-ENDLIST\n")
        told = sum(float(length) for length in re.findall(r"#EXTINF:([0-9.]+),", text))
        assert told == pytest.approx(film.video["duration"], abs=GRACE), name


def test_nobody_gets_a_byte_without_a_ticket(system: System, film: Film) -> None:
    with cast.stranger(system) as nobody:
        for part in ["main.m3u8", *(f"{name}/index.m3u8" for name in film.playlists), *film.parts]:
            assert nobody.get(film.address(part)).status_code == 403, part
        assert nobody.get(film.video["poster"]).status_code == 403


def test_the_original_and_what_is_beside_it_are_served_to_nobody(bob: httpx.Client, film: Film) -> None:
    for name in ("original", "hls/", "", "../", "hls/v360/", "hls/v360/..%2f..%2foriginal", "hls/v360/99999.m4s"):
        assert bob.get(f"/media/{film.video['id']}/{name}").status_code == 404, name


def test_a_removed_film_is_gone_from_page_and_disk(
    system: System, bob: httpx.Client, charlie: httpx.Client, send: Send
) -> None:
    video = cast.settled(bob, send(b"short.mp4", clips.carphone().read_bytes()).headers["Matinee-Video"])
    folder = system.settings.paths.media / "videos" / video["id"]
    segment = video["playlist"].replace("main.m3u8", "v144/00000.m4s")
    bob.post("/api/v1/tickets").raise_for_status()
    assert bob.get(segment).status_code == 200
    tasks = bob.get("/api/v1/tasks", params={"video": video["id"]}).raise_for_status().json()["tasks"]
    attempts = [system.settings.paths.media / "work" / str(task["id"]) for task in tasks]
    assert attempts
    assert charlie.delete(f"/api/v1/videos/{video['id']}").status_code == 403
    assert bob.delete(f"/api/v1/videos/{video['id']}").status_code == 204
    assert not folder.exists()
    deadline = time.monotonic() + 60  # whoever made its storyboard at that moment hears of it with the next heartbeat
    while any(attempt.exists() for attempt in attempts):
        assert time.monotonic() < deadline
        time.sleep(cast.LOOK_SECONDS)
    for address in (video["playlist"], segment, video["poster"], f"/api/v1/videos/{video['id']}"):
        assert bob.get(address).status_code == 404, address
    assert video["id"] not in {each["id"] for each in bob.get("/api/v1/videos").json()["videos"]}
