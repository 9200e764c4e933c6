"""Hostile files on the whole way in: uploaded by bob, prepared by real workers, and looked at by charlie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.cli import tus
from server.launcher.system import System
from server.store.database import rows
from tests import cast
from tests.attacks import corpus
from tests.attacks.corpus import PLAYS, TRICKS, Case
from tests.attacks.references import REFERENCES
from tests.attacks.test_references import FILMS, MARK, REFUSED, called, canaries, marked_film

CASES = {
    **{name: corpus.STRUCTURES[name] for name in ("4000 tracks", "2^32 sample times", "boxes in boxes")},
    **{name: corpus.SOUNDS[name] for name in ("255 channels",)},
    **{name: corpus.DISGUISES[name] for name in ("an attachment with a way out", "a page and a film")},
    "magicyuv": corpus.CODECS["magicyuv"],
}


@pytest.fixture(autouse=True)
def unharmed(system: System) -> Iterator[None]:
    """No part may die of a file, and nothing may appear outside of the folders of films."""
    before = {part["name"]: part["pid"] for part in system.status()["parts"]}
    places = set(system.home.root.iterdir())
    yield
    assert {part["name"]: part["pid"] for part in system.status()["parts"]} == before
    assert set(system.home.root.iterdir()) == places
    assert {path.name for path in system.settings.paths.media.iterdir()} >= {"incoming", "videos"}


def uploaded(bob: httpx.Client, path: Path) -> dict[str, Any]:
    return cast.settled(bob, tus.send(bob, path, lambda _: None))


def attempts(system: System, video_id: str) -> int:
    with cast.records(system):
        return int(rows("SELECT max(attempt) AS most FROM tasks WHERE video_id = %s", video_id)[0]["most"])


def made_of(system: System, video_id: str) -> list[Path]:
    """What was made from a film, without the film itself."""
    folder = system.settings.paths.media / "videos" / video_id
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "original"]


@pytest.mark.parametrize(("name", "case"), CASES.items(), ids=CASES)
def test_an_uploaded_file_gets_its_verdict_at_the_first_attempt(
    system: System, bob: httpx.Client, charlie: httpx.Client, tmp_path: Path, name: str, case: Case
) -> None:
    path = tmp_path / f"{name.replace('/', ' ')}.mp4"
    path.write_bytes(case.make())
    video = uploaded(bob, path)
    assert (video["error"]["code"] if video["error"] else PLAYS) == case.verdict
    assert attempts(system, video["id"]) == 1
    charlie.post("/api/v1/tickets").raise_for_status()
    assert charlie.get(f"/media/{video['id']}/original").status_code in (403, 404, 410)


@pytest.mark.parametrize("name", ["playlist.mp4", "script.mp4", "gab2.avi", "data-reference.mp4"])
def test_a_file_that_asks_for_the_film_of_somebody_else_does_not_get_it(
    system: System, bob: httpx.Client, tmp_path: Path, name: str
) -> None:
    secret = uploaded(bob, marked_film(tmp_path / "secret.ts"))
    target = system.settings.paths.media / "videos" / secret["id"] / "original"
    assert MARK.encode() in target.read_bytes()
    with canaries(tmp_path) as (addresses, listening):
        for asked in (str(target), addresses[0]):
            path = tmp_path / name
            path.write_bytes(REFERENCES[name](asked))
            video = uploaded(bob, path)
            if name not in FILMS:
                assert video["error"]["code"] in REFUSED
            assert MARK not in str(video)
            assert [made for made in made_of(system, video["id"]) if MARK.encode() in made.read_bytes()] == []
        assert not any(map(called, listening))


def test_words_from_inside_a_file_run_nowhere(bob: httpx.Client, charlie: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "<script>alert(2).mkv"
    path.write_bytes(corpus.tricky_words())
    video = uploaded(bob, path)
    assert video["state"] == "ready", video["error"]
    charlie.post("/api/v1/tickets").raise_for_status()
    playlist = charlie.get(video["playlist"]).raise_for_status().text
    assert TRICKS not in playlist
    assert "\x1b" not in playlist
    for page in ("/", video["page"]):
        shown = charlie.get(page).text
        assert "<script>alert(" not in shown
        assert "\u202e" not in shown
