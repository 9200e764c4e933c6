"""Files that are no films, or hardly: each ends in a reason that a person can use, or it plays."""

from __future__ import annotations

import subprocess
from pathlib import Path

import httpx
import pytest

from server.launcher.system import System
from tests import cast, clips
from tests.integration.films.conftest import Send

GIB = 1024**3


def ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], check=True, timeout=60)


def without_its_index(_: Path) -> bytes:
    content = clips.bikes().read_bytes()
    start = content.index(b"moov") - 4
    size = int.from_bytes(content[start : start + 4])
    return content[:start] + content[start + size :]


def text(_: Path) -> bytes:
    return b"It was a dark and stormy night.\n" * 1000


def one_pixel(folder: Path) -> bytes:
    made = folder / "dot.mkv"
    ffmpeg("-i", clips.carphone(), "-vf", "scale=1:1", "-c:v", "ffv1", "-frames:v", "30", made)
    return made.read_bytes()


def still_picture(folder: Path) -> bytes:
    made = folder / "still.png"
    ffmpeg("-i", clips.carphone(), "-frames:v", "1", made)
    return made.read_bytes()


def playlist(_: Path) -> bytes:
    return b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"


def undecodable(_: Path) -> bytes:
    """An intact index over pictures that are all zeros: it passes every look from outside."""
    content = bytearray(clips.carphone().read_bytes())
    start = content.index(b"mdat")
    size = int.from_bytes(content[start - 4 : start])
    content[start + 4 : start - 4 + size] = bytes(size - 8)
    return bytes(content)


REFUSED = {
    "a text that calls itself a film": (text, "unplayable.format"),
    "a list of other files": (playlist, "unplayable.format"),
    "a still picture": (still_picture, "unplayable.still-image"),
    "a film without its index": (without_its_index, "unplayable.truncated"),
    "a film of one pixel": (one_pixel, "unplayable.too-small"),
    "a film of nothing but zeros": (undecodable, "unplayable.damaged"),
}


@pytest.mark.parametrize(("make", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_film_fails_with_a_reason(
    system: System, bob: httpx.Client, charlie: httpx.Client, send: Send, tmp_path: Path, make, code
) -> None:
    video = cast.settled(bob, send(b"film.mp4", make(tmp_path)).headers["Matinee-Video"])
    assert video["state"] == "failed"
    assert video["error"]["code"] == code
    assert video["error"]["message"].endswith(".")
    assert not video["playable"]
    assert video["playlist"] is None
    charlie.post("/api/v1/tickets").raise_for_status()
    library = system.settings.paths.media / "videos"
    made = {path for path in (library / video["id"]).rglob("*") if path.is_file()}
    for path in made | {library / video["id"] / "hls/main.m3u8"}:
        assert charlie.get(f"/media/{path.relative_to(library)}").status_code in (404, 410), path


def test_an_empty_file_is_refused_before_the_first_byte(send: Send) -> None:
    answer = send(b"film.mp4", b"")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid.empty")


def test_a_file_over_the_limit_is_refused_before_the_first_byte(bob: httpx.Client) -> None:
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(65 * GIB), "Upload-Metadata": "filename ZmlsbQ=="}
    answer = bob.post("/api/v1/uploads", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large.file")
    assert "68.7 GB" in answer.json()["detail"]


def test_a_film_whose_end_is_missing_plays_as_far_as_it_goes(bob: httpx.Client, send: Send, tmp_path: Path) -> None:
    whole = tmp_path / "whole.mp4"
    ffmpeg("-i", clips.bikes(), "-c", "copy", "-movflags", "+faststart", whole)
    content = whole.read_bytes()
    video = cast.settled(bob, send(b"cut.mp4", content[: len(content) * 6 // 10]).headers["Matinee-Video"])
    assert video["state"] == "ready", video["error"]
    bob.post("/api/v1/tickets").raise_for_status()
    playlists = bob.get(video["playlist"]).raise_for_status().text
    name = next(line for line in playlists.splitlines() if line.endswith(".m3u8") and not line.startswith("#"))
    lengths = [
        float(line[8:-1])
        for line in bob.get(video["playlist"].replace("main.m3u8", name)).text.splitlines()
        if line.startswith("#EXTINF:")
    ]
    assert 4 <= sum(lengths) <= 8


def test_damaged_pictures_do_not_stop_a_film(bob: httpx.Client, send: Send) -> None:
    video = cast.settled(bob, send(b"damaged.avi", clips.damaged().read_bytes()).headers["Matinee-Video"])
    assert video["state"] == "ready", video["error"]


def test_sound_alone_plays(bob: httpx.Client, send: Send, tmp_path: Path) -> None:
    sound = tmp_path / "sound.m4a"
    ffmpeg("-i", clips.bunny(), "-vn", "-c", "copy", sound)
    video = cast.settled(bob, send(b"sound.m4a", sound.read_bytes()).headers["Matinee-Video"])
    assert video["state"] == "ready", video["error"]
    assert video["playable"]
    assert video["width"] is None
    bob.post("/api/v1/tickets").raise_for_status()
    assert "a1/index.m3u8" in bob.get(video["playlist"]).raise_for_status().text


NAMES = {
    "a way out of the folder": (b"../../../etc/passwd.mp4", "passwd"),
    "another way out": (rb"..\..\windows\system.ini", "system"),
    "only dots": (b"..", ".."),
    "control characters": (b"a\x00b\x1b[31mc\r\nd.mp4", "a b [31mc d"),
    "marks that turn the direction": ("fly\u202egnp.mp4".encode(), "fly gnp"),
    "a right-to-left script": ("סרט.mp4".encode(), "סרט"),
    "as long as a name can be": ("ü".encode() * 125 + b"1.mp4", "ü" * 125 + "1"),
    "too long": ("映".encode() * 400, "映" * 85),
    "markup": (b"<script>alert(1)</script>.mp4", "script>"),
    "quotes and a template": (b"\"'{{7*7}}'\".mp4", "\"'{{7*7}}'\""),
    "nothing at all": (b"", "Untitled"),
}


@pytest.mark.parametrize(("name", "title"), NAMES.values(), ids=NAMES)
def test_a_strange_name_is_only_ever_shown(bob: httpx.Client, send: Send, name: bytes, title: str) -> None:
    video = cast.settled(bob, send(name, clips.carphone().read_bytes()).headers["Matinee-Video"])
    assert video["state"] == "ready", video["error"]
    assert video["title"] == title
