"""Uploads from the command line go on after whatever breaks them."""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from server.cli import tus
from server.cli.client import Refused

FILM = b"0123456789"


class Server:
    """As much of tus as the client needs; the first PATCHes are answered from `answers`."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self.answers = list(answers)
        self.name = b""
        self.offsets: list[int] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.name = base64.b64decode(request.headers["Upload-Metadata"].split()[1])
            return httpx.Response(201, headers={"Location": "/api/v1/uploads/one"})
        if request.method == "HEAD":
            return httpx.Response(200, headers={"Upload-Offset": "4"})
        self.offsets.append(int(request.headers["Upload-Offset"]))
        if self.answers:
            status, code = self.answers.pop(0)
            problem = json.dumps({"code": code, "detail": "no"})
            return httpx.Response(status, content=problem)
        return httpx.Response(204, headers={"Matinee-Video": "ViDEo1234567"})


def _send(server, tmp_path, name="film.mp4"):
    file = tmp_path / name
    file.write_bytes(FILM)
    with httpx.Client(transport=httpx.MockTransport(server), base_url="https://localhost") as client:
        return tus.send(client, file, lambda _: None, wait=lambda _: None)


@pytest.mark.parametrize("answer", [(503, "unavailable"), (409, "conflict.offset"), (423, "conflict.busy")])
def test_an_upload_that_was_overtaken_or_interrupted_goes_on_at_the_offset_of_the_server(tmp_path, answer):
    server = Server(answer)
    assert _send(server, tmp_path) == "ViDEo1234567"
    assert server.offsets == [0, 4]


def test_a_refusal_is_passed_on_at_once(tmp_path):
    server = Server((507, "no-space.quota"))
    with pytest.raises(Refused) as refusal:
        _send(server, tmp_path)
    assert refusal.value.code == "no-space.quota"
    assert server.offsets == [0]


def test_a_name_that_is_not_utf_8_does_not_stop_an_upload(tmp_path):
    server = Server()
    assert _send(server, tmp_path, "caf\udce9.mp4")
    assert server.name == b"caf?.mp4"
