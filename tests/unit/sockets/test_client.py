from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from server.errors import Forbidden, Unauthenticated, Unavailable
from server.web.sockets.client import CHECK_SECONDS, PING_SECONDS, TRUST_SECONDS, Client
from server.web.sockets.feed import Feed, Message
from server.web.sockets.sender import Farewell
from tests.unit.sockets.story import Outbox, event


class Tape:
    """A sender that notes what is written. Waiting lets the next thing happen, or else makes the time pass."""

    def __init__(self, leaves_at: float = 1.0) -> None:
        self.time = 0.0
        self.leaves_at = leaves_at
        self.written = b""
        self.farewell: Farewell | None = None
        self.finished: Farewell | None = None
        self.happenings: list[Callable[[], object]] = []

    @property
    def gone(self) -> bool:
        return self.time >= self.leaves_at

    def put(self, frame: bytes) -> None:
        self.written += frame

    def write(self, data: bytes) -> None:
        self.written += data

    def flush(self) -> None:
        """What is put counts as written."""

    def begin_interval(self) -> None:
        """Nothing is received here."""

    def end(self, farewell: Farewell) -> None:
        self.farewell = self.farewell or farewell

    def finish(self, farewell: Farewell) -> None:
        self.finished = farewell

    def wait(self, seconds: float) -> None:
        if self.happenings:
            self.happenings.pop(0)()
        else:
            self.time += max(seconds, 0.001)

    def told(self) -> list[dict[str, Any]]:
        """Read the text frames back (all shorter than 64 kB)."""
        found, rest = [], self.written
        while rest:
            kind, length = rest[0], rest[1]
            start = 2
            if length == 126:
                length, start = int.from_bytes(rest[2:4], "big"), 4
            if kind == 0x81:
                found.append(json.loads(rest[start : start + length]))
            rest = rest[start + length :]
        return found


class Handshake:
    """What the loop uses of simple-websocket; `answers` says whether pings are answered."""

    def __init__(self, answers: bool = True) -> None:
        self.answers = answers
        self.input_buffer: list[str] = []

    @property
    def pong_received(self) -> bool:
        return self.answers

    @pong_received.setter
    def pong_received(self, value: bool) -> None:
        self.answers = self.answers or value


def feed_of(outbox: Outbox) -> Feed:
    feed = Feed(lambda: iter(()), outbox.after, outbox.newest_position, yield_turn=lambda: None)
    feed.take(None)
    return feed


def client_of(outbox: Outbox, tape: Tape, feed: Feed | None = None, videos: Sequence[str] = ()) -> Client:
    return Client(tape, feed or feed_of(outbox), outbox, frozenset(videos), now=lambda: tape.time)  # type: ignore[arg-type]


def welcome() -> None:
    """Recognise the person."""


def positions(tape: Tape) -> list[int]:
    hello, *events = tape.told()
    assert hello["type"] == "hello"
    return [hello["position"], *(each["sequence"] for each in events)]


def test_a_new_client_is_greeted_with_the_newest_position() -> None:
    outbox, tape = Outbox([event(1), event(2)]), Tape()
    client_of(outbox, tape).serve(Handshake(), None, welcome)
    assert tape.told() == [{"type": "hello", "position": 2}]


def test_a_client_that_resumes_gets_what_it_missed() -> None:
    outbox, tape = Outbox([event(number) for number in range(1, 6)]), Tape()
    client_of(outbox, tape).serve(Handshake(), 2, welcome)
    assert positions(tape) == [2, 3, 4, 5]


def test_more_than_a_page_is_resumed_whole() -> None:
    outbox, tape = Outbox([event(number) for number in range(1, 1203)]), Tape()
    client_of(outbox, tape).serve(Handshake(), 0, welcome)
    assert positions(tape) == list(range(1203))


def test_what_happens_while_a_client_resumes_comes_once_and_in_order() -> None:
    outbox, tape = Outbox([event(number) for number in range(1, 4)]), Tape()
    feed = feed_of(outbox)

    class Busy(Outbox):
        """While a page is read, the feed goes on."""

        def after(self, position: int, limit: int) -> list[Any]:
            page = outbox.after(position, limit)
            if len(outbox.events) < 8:
                outbox.events.append(event(len(outbox.events) + 1))
                feed.take(outbox.events[-1].to_json())
            return page

        def newest_position(self) -> int:
            return outbox.newest_position()

    def one_more() -> None:
        outbox.events.append(event(len(outbox.events) + 1))
        feed.take(outbox.events[-1].to_json())

    tape.happenings = [one_more]
    client_of(Busy(), tape, feed).serve(Handshake(), 1, welcome)
    assert positions(tape) == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_events_that_retention_took_away_do_not_stop_the_client() -> None:
    outbox, tape = Outbox([event(7)]), Tape()
    feed = feed_of(outbox)
    outbox.events = []
    client = Client(tape, feed, Retained(), frozenset(), now=lambda: tape.time)  # type: ignore[arg-type]
    client.serve(Handshake(), 3, welcome)
    assert positions(tape) == [3]


class Retained(Outbox):
    def newest_position(self) -> int:
        return 7


def test_a_position_from_before_the_database_was_reset_begins_at_the_newest() -> None:
    outbox, tape = Outbox([event(1)]), Tape()
    client_of(outbox, tape).serve(Handshake(), 900, welcome)
    assert positions(tape) == [1]


def test_a_client_may_follow_some_videos_only() -> None:
    outbox, tape = Outbox([event(1, "alpha"), event(2, "beta")]), Tape()
    feed = feed_of(outbox)
    news = [event(3, "alpha"), event(4, "beta")]
    tape.happenings = [lambda: feed.take(news[0].to_json()), lambda: feed.take(news[1].to_json())]
    client_of(outbox, tape, feed, ["beta"]).serve(Handshake(), 0, welcome)
    assert positions(tape) == [0, 2, 4]


def test_what_the_client_has_already_is_not_sent_again() -> None:
    tape = Tape()
    client = client_of(Outbox(), tape)
    client.position = 5
    client.take(Message.of(event(5)))
    assert tape.written == b""


def test_a_client_that_left_is_forgotten() -> None:
    outbox, tape = Outbox(), Tape()
    feed = feed_of(outbox)
    client_of(outbox, tape, feed).serve(Handshake(), None, welcome)
    assert feed.followers == 0


def test_a_client_whose_line_breaks_is_forgotten() -> None:
    outbox, tape = Outbox(), Tape()
    feed = feed_of(outbox)

    def broken() -> None:
        raise BrokenPipeError

    tape.happenings = [broken]
    client_of(outbox, tape, feed).serve(Handshake(), None, welcome)
    assert feed.followers == 0
    assert tape.finished is None


def test_a_quiet_line_is_pinged() -> None:
    tape = Tape(leaves_at=4 * PING_SECONDS + 1)
    client_of(Outbox(), tape).serve(Handshake(), None, welcome)
    assert tape.written.count(b"\x89\x00") == 4
    assert tape.finished is None


def test_a_client_that_answers_no_ping_is_dropped() -> None:
    class Silent(Handshake):
        pong_received = True

    tape = Tape(leaves_at=1000.0)
    client_of(Outbox(), tape).serve(Silent(), None, welcome)
    assert tape.finished is not None
    assert tape.finished.code == 1008
    assert tape.time <= 3 * PING_SECONDS


@pytest.mark.parametrize("error", [Unauthenticated("over"), Forbidden("no more")])
def test_the_socket_of_a_closed_session_ends_within_a_minute(error: Exception) -> None:
    def gone() -> None:
        raise error

    tape = Tape(leaves_at=1000.0)
    client_of(Outbox(), tape).serve(Handshake(), None, gone)
    assert tape.finished is not None
    assert tape.finished.code == 1008
    assert tape.time <= 60.0


def test_a_short_outage_of_the_sessions_ends_no_socket() -> None:
    answers = iter([Unavailable("away"), None, None])

    def check() -> None:
        answer = next(answers)
        if answer:
            raise answer

    tape = Tape(leaves_at=3 * CHECK_SECONDS + 1)
    client_of(Outbox(), tape).serve(Handshake(), None, check)
    assert tape.finished is None


def test_nobody_listens_for_long_without_having_been_recognised() -> None:
    def check() -> None:
        raise Unavailable("away")

    tape = Tape(leaves_at=1000.0)
    client_of(Outbox(), tape).serve(Handshake(), None, check)
    assert tape.finished is not None
    assert tape.finished.code == 1013
    assert tape.time <= TRUST_SECONDS


def test_a_client_that_cannot_be_served_now_is_told_to_come_back() -> None:
    outbox, tape = Outbox([event(1)]), Tape()
    client = client_of(outbox, tape)
    outbox.reachable = False
    client.serve(Handshake(), 0, welcome)
    assert tape.finished is not None
    assert tape.finished.code == 1013


def test_a_process_that_ends_says_so() -> None:
    outbox, tape = Outbox(), Tape()
    feed = feed_of(outbox)
    tape.happenings = [feed.dismiss]
    client_of(outbox, tape, feed).serve(Handshake(), None, welcome)
    assert tape.finished is not None
    assert tape.finished.code == 1001
