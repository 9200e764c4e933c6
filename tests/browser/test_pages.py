"""Every page in every light: nothing for axe to find, nothing that sticks out, and a picture for people to look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from server.cli import tus
from server.launcher.home import ROOT
from tests import cast, clips
from tests.browser.house import House, choose, wait_time
from tests.cast import ALICE, BOB, Person

AXE = ROOT / "server/web/assets/node_modules/axe-core/axe.min.js"
PICTURES = ROOT / "artifacts"

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2},
    "narrow": {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"},
}


@dataclass(frozen=True)
class Films:
    """Addresses of films in every state that a page can show."""

    ready: str
    preparing: str
    failed: str
    sound: str


@pytest.fixture(scope="module")
def films(bob: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Films]:
    folder = tmp_path_factory.mktemp("films")
    (folder / "holiday notes.mp4").write_text("It was a dark and stormy night.\n")
    sound = clips.made("bunny-sound.m4a", clips.sound_of_bunny)

    def send(file: Path) -> str:
        return tus.send(bob, file, lambda _: None)

    failed, ready, heard = send(folder / "holiday notes.mp4"), send(clips.bunny()), send(sound)
    for video_id, state in ((failed, "failed"), (ready, "ready"), (heard, "ready")):
        assert cast.settled(bob, video_id)["state"] == state
    preparing = send(clips.must_be_encoded(600))
    yield Films(*(f"/watch/{video_id}" for video_id in (ready, preparing, failed, heard)))
    bob.delete(f"/api/v1/videos/{preparing}").raise_for_status()
