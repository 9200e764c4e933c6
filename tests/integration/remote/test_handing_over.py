"""The wire between the appliance and other machines: what is handed out, what is taken in, and to whom."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from server.cli import tus
from server.launcher.system import System
from server.services.hosts import Hosts
from tests import cast, clips
from tests.integration.remote.machine import wait_until

WORKER = {"process": "1-a", "version": "0"}
CLAIM = {**WORKER, "kinds": ["video-piece", "audio-piece"], "protocol": 1}
SECONDS = 30.0


def enrolled(system: System, name: str) -> httpx.Client:
    """A program that works as the machine `name`."""
    with cast.records(system):
        token = Hosts().enroll(name)
    api = cast.stranger(system)
    api.headers["Authorization"] = f"Bearer {token}"
    api.base_url = api.base_url.join("/api/v1/work/")
    return api


@pytest.fixture
def shed(appliance: System) -> Iterator[httpx.Client]:
    with enrolled(appliance, "shed") as api:
        yield api
        api.post("leave", json=WORKER).raise_for_status()


@pytest.fixture
def film(bob: httpx.Client) -> Iterator[str]:
    """A film of which nothing is made but by us."""
    video_id = tus.send(bob, clips.tree(), lambda _: None)
    yield video_id
    bob.delete(f"/api/v1/videos/{video_id}").raise_for_status()


@pytest.fixture
def errand(shed: httpx.Client, film: str) -> dict[str, Any]:
    """A task of the film that the shed holds."""
    answer = shed.post("claims", json=CLAIM, timeout=SECONDS)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    assert found["task"]["video_id"] == film
    return found


@pytest.fixture
def place(errand: dict[str, Any]) -> str:
    return f"{errand['task']['id']}/{errand['task']['fence']}"


def digest(content: bytes) -> dict[str, str]:
    return {"Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"}


def listed(rendition: str, name: str, content: bytes) -> dict[str, Any]:
    return {
        "rendition": rendition,
        "name": name,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def arrived(system: System, place: str) -> list[Path]:
    return [path for path in (system.settings.paths.media / "work" / place).rglob("*") if path.is_file()]


def test_the_original_is_read_by_range(shed, errand, place):
    content, size = clips.tree().read_bytes(), errand["size"]
    assert size == len(content)
    answer = shed.get(f"{place}/original", headers={"Range": "bytes=100-299"})
    assert (answer.status_code, answer.content) == (206, content[100:300])
    tag = answer.headers["ETag"]
    again = shed.get(f"{place}/original", headers={"Range": "bytes=0-9", "If-Range": tag})
    other = shed.get(f"{place}/original", headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (again.status_code, other.status_code) == (206, 200)


def test_a_claim_whose_answer_was_lost_gives_the_same_task(shed, errand):
    again = shed.post("claims", json=CLAIM, timeout=SECONDS).json()
    assert (again["task"]["id"], again["task"]["fence"]) == (errand["task"]["id"], errand["task"]["fence"])


def test_a_claim_to_which_nobody_listens_takes_nothing(shed, bob):
    ghost = {**CLAIM, "process": "2-gone"}
    with pytest.raises(httpx.ReadTimeout):
        shed.post("claims", json=ghost, timeout=0.5)
    video_id = tus.send(bob, clips.tree(), lambda _: None)
    taken = shed.post("claims", json=CLAIM, timeout=SECONDS).json()["task"]
    assert (taken["fence"], taken["key"].rpartition(":")[2]) == (1, "00000")
    bob.delete(f"/api/v1/videos/{video_id}").raise_for_status()


def test_only_machines_of_the_same_version_are_given_work(shed):
    assert code(shed.post("claims", json={**CLAIM, "protocol": 0})) == (409, "conflict.protocol")


def test_a_wrong_digest_is_refused_and_nothing_kept(appliance, shed, errand, place):
    rendition = errand["task"]["spec"]["renditions"][0]
    answer = shed.put(f"{place}/files/{rendition}/init.mp4", content=b"init", headers=digest(b"another"))
    assert code(answer) == (460, "invalid.checksum")
    assert arrived(appliance, place) == []


def test_a_file_without_a_digest_is_refused(shed, errand, place):
    rendition = errand["task"]["spec"]["renditions"][0]
    assert code(shed.put(f"{place}/files/{rendition}/init.mp4", content=b"init")) == (400, "invalid.header")


@pytest.mark.parametrize(
    "name",
    [
        "v9999/init.mp4",
        "{rendition}/index.m3u8",
        "{rendition}/90000.m4s",
        "{rendition}/..%2finit.mp4",
        "{rendition}/%2e%2e",
        "%2e%2e/init.mp4",
        "{rendition}/%2e%2e/init.mp4",
        "{rendition}/%2fetc%2fpasswd",
        "{rendition}/init.mp4%00",
    ],
)
def test_no_other_name_than_those_of_the_piece_is_written(appliance, shed, errand, place, name):
    path = name.format(rendition=errand["task"]["spec"]["renditions"][0])
    answer = shed.put(f"{place}/files/{path}", content=b"x", headers=digest(b"x"))
    assert answer.status_code in (400, 404)
    assert arrived(appliance, place) == []


def test_a_piece_is_not_published_until_all_of_it_is_there(appliance, shed, errand, place):
    (rendition, *_), count = errand["task"]["spec"]["renditions"], errand["task"]["spec"]["count"]
    first = errand["task"]["spec"]["first"]
    names = ["init.mp4", *(f"{number:05d}.m4s" for number in range(first, first + count))]
    shed.put(f"{place}/files/{rendition}/init.mp4", content=b"init", headers=digest(b"init")).raise_for_status()
    made = [{"rendition": rendition, "codecs": "avc1.64000c", "count": count, "ended": None}]
    files = [listed(rendition, name, b"init") for name in names]
    assert code(shed.post(f"{place}/publish", json={"made": made, "files": files})) == (409, "conflict.files")
    assert code(shed.post(f"{place}/publish", json={"made": made, "files": []})) == (400, "invalid.handover")
    hls = appliance.settings.paths.media / "videos" / errand["task"]["video_id"] / "hls"
    assert list(hls.glob("*/*.m4s")) == list(hls.glob("*/init.mp4")) == []


def test_who_lost_the_lease_can_do_nothing_more(appliance, shed, place):
    shed.post(f"{place}/release", json=WORKER).raise_for_status()
    assert_all_superseded(shed, place)
    assert not (appliance.settings.paths.media / "work" / place).exists()


def test_a_machine_cannot_touch_the_task_of_another(appliance, shed, place):
    with enrolled(appliance, "barn") as barn:
        assert_all_superseded(barn, place)
    shed.post(f"{place}/extend", json=WORKER).raise_for_status()


def assert_all_superseded(api: httpx.Client, place: str) -> None:
    failure = {"code": "unplayable", "message": "It is broken.", "permanent": True}
    answers = [
        api.post(f"{place}/extend", json=WORKER),
        api.post(f"{place}/release", json=WORKER),
        api.post(f"{place}/fail", json=failure),
        api.post(f"{place}/publish", json={"made": [], "files": []}),
        api.put(f"{place}/files/v360/init.mp4", content=b"init", headers=digest(b"init")),
        api.get(f"{place}/original"),
    ]
    assert {code(answer) for answer in answers} == {(409, "superseded")}


def test_a_failure_that_may_pass_puts_the_task_back(shed, errand, place, bob):
    failure = {"code": "media-failed.killed", "message": "Out of \x1bmemory.", "permanent": False}
    shed.post(f"{place}/fail", json=failure).raise_for_status()
    assert bob.get(f"/api/v1/videos/{errand['task']['video_id']}").json()["state"] == "preparing"
    assert_all_superseded(shed, place)


def test_what_cannot_be_played_is_told_in_the_words_of_the_machine(shed, errand, place, bob):
    failure = {"code": "unplayable.damaged", "message": "Nothing can be decoded.", "permanent": True}
    shed.post(f"{place}/fail", json=failure).raise_for_status()
    video = bob.get(f"/api/v1/videos/{errand['task']['video_id']}").json()
    assert (video["state"], video["error"]["code"]) == ("failed", "unplayable.damaged")


def test_the_token_of_a_machine_opens_nothing_else(appliance, shed):
    shed.base_url = appliance.address
    statuses = {path: shed.get(path).status_code for path in ("/api/v1/videos", "/api/v1/status", "/api/v1/workers")}
    statuses["tickets"] = shed.post("/api/v1/tickets").status_code
    shed.base_url = f"{appliance.address}/api/v1/work/"
    assert set(statuses.values()) == {401}


@pytest.mark.parametrize("person", [cast.ALICE, cast.CHARLIE], ids=lambda person: person.name)
def test_nobody_else_s_token_opens_the_work(appliance, place, person):
    with cast.client(appliance, person) as api:
        answers = [
            api.post("/api/v1/work/claims", json=CLAIM),
            api.get(f"/api/v1/work/{place}/original"),
            api.put(f"/api/v1/work/{place}/files/v360/init.mp4", content=b"x", headers=digest(b"x")),
        ]
    assert {code(answer) for answer in answers} == {(401, "unauthenticated.worker")}


def test_a_file_whose_connection_is_cut_leaves_nothing_and_may_come_again(appliance, shed, errand, place):
    path = f"{place}/files/{errand['task']['spec']['renditions'][0]}/init.mp4"
    content = bytes(3 * 1024**2)

    def cut() -> Iterator[bytes]:
        yield content[: 1024**2]
        wait_until(lambda: arrived(appliance, place), "the first bytes have arrived")
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        shed.put(path, content=cut(), headers={**digest(content), "Content-Length": str(len(content))})
    wait_until(lambda: not arrived(appliance, place), "what had arrived is gone")
    assert shed.put(path, content=content, headers=digest(content)).status_code == 204
    assert [file.name for file in arrived(appliance, place)] == ["init.mp4"]
