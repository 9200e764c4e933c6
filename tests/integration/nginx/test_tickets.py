"""The right to play, as nginx alone checks it."""

from __future__ import annotations

import time

import pytest

from server.keystore import tickets
from tests.integration.nginx.site import VIDEO, Running

OBJECTS = [
    f"/media/{VIDEO}/{name}"
    for name in (
        *("poster.jpg", "posters/3.jpg", "storyboard/14.jpg", "storyboard/storyboard.vtt", "chapters.vtt"),
        *("hls/main.m3u8", "hls/v360/index.m3u8", "hls/v360/iframes.m3u8", "hls/t1/captions.vtt", "hls/v360/00000.m4s"),
    )
]
MISSING = f"/media/{VIDEO}/hls/v1080/00000.m4s"


@pytest.mark.parametrize("path", [*OBJECTS, MISSING])
def test_charlie_without_a_ticket_gets_nothing_and_learns_nothing(site: Running, path: str) -> None:
    answer = site.ask(path)
    assert (answer.status, answer.header("X-Ticket")) == (403, "invalid")
    assert answer.header("Cache-Control") is None
    assert site.web.requests == []


@pytest.mark.parametrize("path", [*OBJECTS, MISSING])
def test_an_expired_ticket_says_so_for_the_player_to_renew_it(site: Running, path: str) -> None:
    ticket = tickets.sign(site.key, int(time.time()) - 2)
    answer = site.ask(path, Cookie=f"{tickets.COOKIE}={ticket}")
    assert (answer.status, answer.header("X-Ticket")) == (403, "expired")


def test_nginx_and_python_agree_on_every_ticket(site: Running) -> None:
    now = int(time.time())
    good = tickets.sign(site.key, now + 60)
    digest, _, expiry = good.partition(".")
    cases = {
        good: True,
        tickets.sign(site.key, now - 60): False,
        tickets.sign(b"another key", now + 60): False,
        f"{digest}.{int(expiry) + 1}": False,
        f"{'A' if digest[0] != 'A' else 'B'}{digest[1:]}.{expiry}": False,
        f"{digest}.{expiry}0": False,
        f"{digest}.0{expiry}": False,
        f"{digest}.-1": False,
        f"{digest}.": False,
        f"{digest}": False,
        f".{expiry}": False,
        f"{digest},{expiry}": False,
        f"{digest}.{expiry},{expiry}": False,
        "": False,
    }
    for ticket, valid in cases.items():
        assert tickets.verify(site.key, ticket, now) is valid, ticket
        status = site.ask(OBJECTS[1], Cookie=f"{tickets.COOKIE}={ticket}").status
        assert status == (200 if valid else 403), ticket


def test_a_cookie_whose_name_only_ends_alike_is_no_ticket(site: Running) -> None:
    ticket = tickets.sign(site.key, int(time.time()) + 60)
    assert site.ask(OBJECTS[0], Cookie=f"x{tickets.COOKIE}={ticket}").status == 403


def test_a_ticket_in_the_query_is_no_ticket(site: Running) -> None:
    ticket = tickets.sign(site.key, int(time.time()) + 60)
    assert site.ask(f"{OBJECTS[0]}?{tickets.COOKIE}={ticket}").status == 403
