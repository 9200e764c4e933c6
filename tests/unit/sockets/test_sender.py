from __future__ import annotations

import gevent
import pytest
from gevent.event import Event
from websockets.frames import Opcode

from server.web.sockets import frames
from server.web.sockets.sender import MAX_RECEIVED, MAX_WAITING, Sender
from tests.unit.sockets.test_frames import decoded


class Line:
    """The connection's other end: takes bytes while it is open, and says what it is given."""

    def __init__(self, says: bytes = b"") -> None:
        self.says = says
        self.heard: list[bytes] = []
        self.open = Event()
        self.open.set()

    def sendall(self, data: bytes) -> None:
        self.open.wait()
        self.heard.append(data)

    def recv(self, size: int) -> bytes:
        said, self.says = self.says[:size], self.says[size:]
        return said


def test_frames_leave_in_their_order() -> None:
    sender = Sender(line := Line())
    for number in range(5):
        sender.put(frames.text(b"%d" % number))
    sender.flush()
    assert b"".join(line.heard) == b"".join(frames.text(b"%d" % number) for number in range(5))


def test_nothing_is_written_when_nothing_waits() -> None:
    sender = Sender(line := Line())
    sender.flush()
    assert line.heard == []


def test_a_client_that_falls_too_far_behind_is_dropped_with_a_reason() -> None:
    sender = Sender(Line())
    farewells = []
    for _ in range(MAX_WAITING + 1):
        sender.put(b"frame")
        farewells.append(sender.farewell)
    assert farewells[:-1] == [None] * MAX_WAITING
    assert farewells[-1] is not None
    assert farewells[-1].code == 1013


def test_after_the_farewell_no_event_follows() -> None:
    sender = Sender(line := Line())
    for _ in range(MAX_WAITING + 1):
        sender.put(b"frame")
    sender.put(b"frame")
    assert sender.farewell is not None
    sender.close()
    sender.finish(sender.farewell)
    (said,) = line.heard
    assert decoded(said).opcode is Opcode.CLOSE


def test_the_farewell_waits_for_the_clients_answer() -> None:
    sender = Sender(Line())
    for _ in range(MAX_WAITING + 1):
        sender.put(b"frame")
    assert sender.farewell is not None
    saying = gevent.spawn(sender.finish, sender.farewell)
    gevent.sleep(0)
    assert not saying.dead
    sender.close()
    saying.join(1)
    assert saying.successful()


def test_a_client_that_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.sockets.sender.WRITE_SECONDS", 0.01)
    sender = Sender(line := Line())
    line.open.clear()
    sender.put(b"frame")
    with pytest.raises(TimeoutError):
        sender.flush()


def test_a_client_that_talks_too_much_is_dropped_with_a_reason() -> None:
    sender = Sender(Line(b"x" * (MAX_RECEIVED + 1)))
    sender.recv(MAX_RECEIVED)
    with pytest.raises(OSError, match="talked too much"):
        sender.recv(1)
    assert sender.farewell is not None
    assert sender.farewell.code == 1008


def test_the_allowance_begins_anew_with_every_ping() -> None:
    sender = Sender(Line(b"x" * (2 * MAX_RECEIVED)))
    sender.recv(MAX_RECEIVED)
    sender.begin_interval()
    assert len(sender.recv(MAX_RECEIVED)) == MAX_RECEIVED
    assert sender.farewell is None
