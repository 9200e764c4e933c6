"""The appliance as another machine sees it: what is asked again, what is believed, and what its refusals mean."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from server.errors import Conflict, Gone, Invalid, MatineeError, Superseded, Unauthenticated, Unavailable, Unplayable
from server.keystore import certificates
from workers.remote import origin as module
from workers.remote.origin import Origin, Refused

Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def reach(tmp_path: Path):
    """Make an origin that answers as the test says, with the waits in its list `waits`."""
    authority = certificates.ensure(tmp_path / "tls", [], [], datetime.now(UTC)).ca_certificate
    (tmp_path / "token").write_text("mt_secret\n")

    def make(answer: Answer) -> Origin:
        waits: list[float] = []
        origin = Origin("https://localhost/", tmp_path / "token", authority, waits.append)
        origin._client = httpx.Client(
            base_url=origin._client.base_url, headers=origin._client.headers, transport=httpx.MockTransport(answer)
        )
        return origin

    return make


def problem(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": "A sentence."})


def in_turn(*answers: httpx.Response | Exception) -> Answer:
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return answer


def test_every_question_names_the_process_and_carries_the_token(reach):
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"task": 7})

    origin = reach(answer)
    assert origin.tell("claims", {"protocol": 1}) == {"task": 7}
    assert str(seen[0].url) == "https://localhost/api/v1/work/claims"
    assert seen[0].headers["Authorization"] == "Bearer mt_secret"
    told = json.loads(seen[0].content)
    assert (told["process"], told["protocol"]) == (origin.process, 1)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (409, "superseded", Superseded),
        (401, "unauthenticated.worker", Unauthenticated),
        (409, "conflict.init", Conflict),
        (409, "conflict.protocol", Conflict),
        (409, "conflict.files", Refused),
        (410, "gone.video", Gone),
        (400, "unplayable.damaged", Unplayable),
        (400, "invalid.handover", Refused),
        (460, "invalid.checksum", Unavailable),
        (413, "too-large.body", Refused),
        (429, "too-many", Unavailable),
        (503, "unavailable.database", Unavailable),
    ],
)
def test_a_refusal_is_raised_again_with_its_words(reach, status, code, error):
    with pytest.raises(MatineeError, match=r"A sentence\.") as raised:
        reach(in_turn(problem(status, code))).tell("claims")
    assert type(raised.value) is error


def test_only_what_is_wrong_with_the_film_or_the_machine_is_for_good():
    assert [kind.permanent for kind in (Refused, Unavailable, Unplayable)] == [False, False, True]


def test_an_answer_that_is_no_problem_document_is_understood_by_its_status(reach):
    with pytest.raises(Unavailable, match="502"):
        reach(in_turn(httpx.Response(502, text="<html>"))).tell("claims")


def test_a_broken_line_is_tried_again(reach):
    asked = in_turn(httpx.ConnectError("refused"), problem(503, "unavailable"), problem(460, "invalid.checksum"))
    answers = iter([asked, asked, asked, lambda _: httpx.Response(204)])
    reach(lambda request: next(answers)(request)).send("7/1/files/v360/init.mp4", b"init", "digest")
    assert list(answers) == []


def test_patience_ends(reach, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", -1.0)
    with pytest.raises(Unavailable):
        reach(in_turn(httpx.ReadTimeout("silence"))).insist("7/1/publish", {})


def test_a_refusal_is_not_tried_again(reach):
    with pytest.raises(Superseded):
        reach(in_turn(problem(409, "superseded"))).insist("7/1/publish", {})


def ranged(content: bytes, start: int, size: int = 100) -> httpx.Response:
    headers = {"Content-Range": f"bytes {start}-{start + len(content) - 1}/{size}", "ETag": '"one"'}
    return httpx.Response(206, content=content, headers=headers)


def test_a_range_is_asked_for_and_checked(reach):
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return ranged(b"abcd", 10)

    assert reach(answer).fetch("7/1/original", 10, 14, '"one"') == (b"abcd", '"one"')
    assert (seen[0]["Range"], seen[0]["If-Range"]) == ("bytes=10-13", '"one"')


def test_another_film_is_no_range(reach):
    assert reach(in_turn(httpx.Response(200, content=b"another"))).fetch("7/1/original", 10, 14, '"one"') is None


def test_another_range_than_was_asked_for_is_not_believed(reach):
    wrong = in_turn(ranged(b"abc", 10), ranged(b"abcd", 11), ranged(b"abcd", 10))
    assert reach(wrong).fetch("7/1/original", 10, 14, None) == (b"abcd", '"one"')


def test_a_token_that_cannot_be_read_is_told_by_its_name(tmp_path):
    with pytest.raises(Invalid, match="no-token"):
        Origin("https://localhost", tmp_path / "no-token", tmp_path / "ca.crt")
