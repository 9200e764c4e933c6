"""What makes watching nicer, from the upload to the bytes that players fetch."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest

from server.cli import tus
from server.launcher.system import System
from tests import cast, clips
from tests.cast import ALICE, BOB, CHARLIE
from tests.integration.media.film import ffmpeg

SRT = """1
00:00:01,000 --> 00:00:02,000
<i>Guten</i> <script>alert(1)</script>

2
00:00:03,000 --> 00:00:04,000
Tag
"""
CHAPTERS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=2000
title=The <beginning>
[CHAPTER]
TIMEBASE=1/1000
START=2000
END=5000
title=The end
"""
PATIENCE = 60.0


@pytest.fixture(scope="module")
def bob(system: System) -> Iterator[httpx.Client]:
    with cast.client(system, BOB) as api:
        api.post("/api/v1/tickets").raise_for_status()
        yield api


@pytest.fixture(scope="module")
def talkie(bob: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A film with captions and chapters, ready, with all its extras."""
    folder = tmp_path_factory.mktemp("talkie")
    (folder / "de.srt").write_text(SRT)
    (folder / "chapters").write_text(CHAPTERS)
    film = folder / "talkie.mkv"
    ffmpeg(
        *("-i", clips.bunny(), "-i", folder / "de.srt", "-i", folder / "chapters", "-map", "0", "-map", "1"),
        *("-map_chapters", "2", "-c", "copy", "-metadata:s:s:0", "language=ger", film),
    )
    video_id = tus.send(bob, film, lambda _: None)
    return until(bob, video_id, lambda one: one["storyboard"] and one["captions"] and len(one["posters"]) > 1)


def until(api: httpx.Client, video_id: str, good: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while not good(video := dict(api.get(f"/api/v1/videos/{video_id}").raise_for_status().json())):
        assert time.monotonic() < deadline, video
        assert video["state"] != "failed", video
        time.sleep(0.1)
    return video


def text(api: httpx.Client, url: str) -> str:
    return api.get(url).raise_for_status().text


def test_the_posters_can_be_fetched_and_one_of_them_is_the_poster(bob: httpx.Client, talkie: dict[str, Any]) -> None:
    urls = [one["url"] for one in talkie["posters"]]
    assert talkie["poster"] in urls
    for url in urls:
        assert bob.get(url).raise_for_status().content.startswith(b"\xff\xd8")


def test_the_owner_and_an_administrator_choose_the_poster_and_nobody_else(
    system: System, bob: httpx.Client, talkie: dict[str, Any]
) -> None:
    path = f"/api/v1/videos/{talkie['id']}/poster"
    for person, status in ((ALICE, 200), (CHARLIE, 403)):
        with cast.client(system, person) as api:
            assert api.put(path, json={"choice": talkie["posters"][0]["choice"]}).status_code == status
    last = talkie["posters"][-1]
    assert bob.put(path, json={"choice": last["choice"]}).raise_for_status().json()["poster"] == last["url"]
    wrongs: list[object] = [{"choice": 99}, {"choice": "1"}, {"choice": True}, {}, []]
    for wrong in wrongs:
        assert bob.put(path, json=wrong).status_code == 400


def test_captions_of_the_film_are_in_the_playlist_and_safe(bob: httpx.Client, talkie: dict[str, Any]) -> None:
    (track,) = talkie["captions"]
    assert (track["language"], track["label"], track["added"]) == ("de", "German", False)
    assert 'TYPE=SUBTITLES,GROUP-ID="text",NAME="German",LANGUAGE="de"' in text(bob, talkie["playlist"])
    assert "captions.vtt" in text(bob, track["url"].replace("captions.vtt", "index.m3u8"))
    said = text(bob, track["url"])
    assert "<i>Guten</i>" in said
    assert "<script" not in said


def test_chapters_are_served_as_a_track(bob: httpx.Client, talkie: dict[str, Any]) -> None:
    assert text(bob, talkie["chapters"]).split("\n\n")[1:] == [
        "00:00:00.000 --> 00:00:02.000\nThe &lt;beginning&gt;",
        f"00:00:02.000 --> {re.findall(r'--> (.*)', text(bob, talkie['chapters']))[1]}\nThe end\n",
    ]


def test_the_storyboard_covers_the_film(bob: httpx.Client, talkie: dict[str, Any]) -> None:
    cues = text(bob, talkie["storyboard"]).split("\n\n")[1:]
    assert cues[0].startswith("00:00:00.000 --> ")
    folder = talkie["storyboard"].rpartition("/")[0]
    for sheet in {cue.splitlines()[1].partition("#")[0] for cue in cues}:
        assert bob.get(f"{folder}/{sheet}").raise_for_status().headers["content-type"] == "image/jpeg"


def test_every_byte_range_of_an_iframe_playlist_is_a_fragment_that_exists(
    bob: httpx.Client, talkie: dict[str, Any]
) -> None:
    home = talkie["playlist"].rpartition("/")[0]
    until(bob, talkie["id"], lambda _: "I-FRAME-STREAM-INF" in text(bob, talkie["playlist"]))
    main = text(bob, talkie["playlist"])
    uris = re.findall(r'I-FRAME-STREAM-INF:.*URI="(.*?)"', main)
    assert len(uris) == len(re.findall("RESOLUTION", main)) // 2
    for uri in uris:
        lines = text(bob, f"{home}/{uri}").splitlines()
        ranges = [line.partition(":")[2] for line in lines if line.startswith("#EXT-X-BYTERANGE:")]
        names = [line for line in lines if line.endswith(".m4s")]
        assert names
        for name, one in zip(names, ranges, strict=True):
            size, start = (int(part) for part in one.split("@"))
            url = f"{home}/{uri.partition('/')[0]}/{name}"
            answer = bob.get(url, headers={"Range": f"bytes={start}-{start + size - 1}"})
            assert (answer.status_code, len(answer.content)) == (206, size)
            assert answer.content[4:8] == b"moof"


def test_captions_are_added_and_removed_by_who_may(system: System, bob: httpx.Client, talkie: dict[str, Any]) -> None:
    path = f"/api/v1/videos/{talkie['id']}/captions"
    with cast.client(system, CHARLIE) as charlie:
        assert charlie.post(path, params={"language": "en"}, content=SRT).status_code == 403
    for language, body, status in (
        ("", SRT, 400),
        ("en", "It was a dark and stormy night.", 400),
        ("en", SRT.encode("utf-16")[:-1], 400),
        ("en", "x" * (1024**2 + 1), 413),
    ):
        answer = bob.post(path, params={"language": language}, content=body)
        assert answer.status_code == status, answer.text
    hostile = {"language": "eng", "label": '../../x",URI="evil"\n#EXT'}
    track = bob.post(path, params=hostile, content=SRT).raise_for_status().json()
    assert (track["id"], track["language"], track["added"]) == ("u1", "en", True)
    assert '"evil"' not in text(bob, talkie["playlist"])
    assert 'URI="u1/index.m3u8"' in text(bob, talkie["playlist"])
    assert "<script" not in text(bob, track["url"])
    assert bob.delete(f"{path}/u1").status_code == 204
    assert bob.delete(f"{path}/u1").status_code == 404
    assert bob.get(track["url"]).status_code == 404
    assert "u1/" not in text(bob, talkie["playlist"])


def test_every_rendition_plays_without_a_warning_and_without_a_gap(talkie: dict[str, Any], system: System) -> None:
    home = system.settings.paths.media / "videos" / talkie["id"] / "hls"
    for playlist in sorted(home.glob("[av]*/index.m3u8")):
        command = ["ffprobe", "-v", "warning", "-show_entries", "packet=pts_time", "-of", "csv=p=0"]
        done = subprocess.run([*command, str(playlist)], capture_output=True, text=True, timeout=60, check=True)
        assert done.stderr == "", playlist
        times = sorted(float(line.strip(",")) for line in done.stdout.split())
        steps = [after - before for before, after in pairwise(times)]
        assert times[0] < 0.1
        assert max(steps) < 1.5 * min(steps), playlist  # the film has one rate, so has each of its sounds
