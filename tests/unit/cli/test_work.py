"""What the command line says of tasks and workers, and what it asks for."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from server.cli import task, worker
from server.cli.main import matinee

TASK: dict[str, Any] = {
    "id": 7,
    "kind": "video-piece",
    "video": {"id": "4hXk2LbVn8Qs", "title": "Film", "owner": "alice"},
    "renditions": ["v480", "v720"],
    "start": 24.0,
    "end": 36.0,
    "queue": "heavy",
    "state": "queued",
    "priority": {"value": 400, "words": "further qualities"},
    "queue_place": 3,
    "attempt": 1,
    "worker": "host:heavy:1",
    "age_seconds": 130,
    "running_seconds": 20.0,
    "progress": 0.25,
    "error": None,
}
WORKER = {"name": "host:heavy:1", "queue": "heavy", "state": "lost", "seen_seconds": 120, "task": None, "speed": 2.5}


@pytest.fixture
def asked(monkeypatch):
    """Requests as they arrive at an appliance that knows two pages of tasks and one worker."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.method == "POST":
            return httpx.Response(200, json={"workers": ["host:heavy:1"], "id": "4hXk2LbVn8Qs", "state": "checking"})
        if request.url.path == "/api/v1/workers":
            return httpx.Response(200, json={"workers": [WORKER]})
        if request.url.path == "/api/v1/tasks":
            more = "cursor" not in request.url.params
            one = TASK if more else {**TASK, "id": 6, "state": "running"}
            return httpx.Response(200, json={"tasks": [one], "next_cursor": "7" if more else None})
        return httpx.Response(200, json={**TASK, "state": "failed", "error": {"code": "error", "message": "It broke."}})

    def connect() -> httpx.Client:
        return httpx.Client(base_url="https://localhost", transport=httpx.MockTransport(answer))

    for module in (task, worker):
        monkeypatch.setattr(module, "connect", connect)
    return requests


def run(*words: str) -> str:
    result = CliRunner().invoke(matinee, words)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_list_of_tasks_goes_through_all_pages(asked):
    lines = run("task", "list", "--state", "queued", "--state", "running").splitlines()
    assert " ".join(lines[0].split()) == "7 4hXk2LbVn8Qs video-piece v480+v720 0:24 to 0:36 waits behind 3"
    assert lines[1].endswith("running for 20 s, 25% on host:heavy:1")
    assert [request.url.params.get_list("state") for request in asked] == [["queued", "running"]] * 2


def test_a_list_of_tasks_ends_at_its_limit(asked):
    assert [one["id"] for one in json.loads(run("task", "list", "--limit", "1", "--json"))] == [7]
    assert len(asked) == 1


def test_a_failed_task_says_why(asked):  # noqa: ARG001  # it answers
    assert "state    failed: It broke." in run("task", "show", "7")


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("retry", "7"), "/api/v1/tasks/7/retry"),
        (("cancel", "7"), "/api/v1/tasks/7/cancel"),
        (("retry", "--video", "4hXk2LbVn8Qs"), "/api/v1/videos/4hXk2LbVn8Qs/retry"),
        (("cancel", "--video", "4hXk2LbVn8Qs"), "/api/v1/videos/4hXk2LbVn8Qs/cancel"),
    ],
)
def test_a_task_or_a_film_is_cancelled_or_tried_again(asked, words, path):
    assert run("task", *words) == "4hXk2LbVn8Qs is checking\n"
    assert asked[0].url.path == path


@pytest.mark.parametrize("words", [("task", "retry"), ("task", "cancel", "7", "--video", "x"), ("worker", "pause")])
def test_what_is_meant_must_be_said_once(asked, words):
    assert CliRunner().invoke(matinee, words).exit_code == 2
    assert asked == []


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (("pause", "host:heavy:1"), {"name": "host:heavy:1"}),
        (("resume", "--host", "host"), {"host": "host"}),
        (("drain", "--all"), {"all": True}),
    ],
)
def test_workers_are_told_by_name_by_host_or_all(asked, words, body):
    assert run("worker", *words) == "host:heavy:1\n"
    assert asked[0].url.path == f"/api/v1/workers/{words[0]}"
    assert json.loads(asked[0].content) == body


def test_a_lost_worker_is_called_lost(asked):  # noqa: ARG001  # it answers
    assert " ".join(run("worker", "list").split()) == "host:heavy:1 heavy lost for 2 min idle 2.5 megapixels a second"
