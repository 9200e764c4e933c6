"""A client that does not keep up harms nobody else, and never gets half a frame."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.events.hub import Hub, exhaust, greet, numbers, receive

LARGE = 32 * 1024
HUGE = 1024 * 1024


def test_a_client_that_does_not_read_is_dropped_with_a_reason_while_others_go_on(hub: Hub) -> None:
    query = f"?video={hub.video}"
    with hub.connect_directly(query) as slow, hub.connect_directly(query) as quick:
        greet(slow)
        greet(quick)
        for begin in range(0, 350, 50):  # in steps, so that the quick one is never behind by more than one of them
            step = range(begin, begin + 50)
            hub.happen(step, padding=LARGE)
            assert numbers([receive(quick) for _ in step]) == list(step)
        found: list[dict[str, Any]] = []
        with pytest.raises(ConnectionClosed) as ended:
            exhaust(slow, found)
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1013
    assert numbers(found) == list(range(len(found)))
    assert len(found) < 350


def test_a_client_that_was_dropped_resumes_where_it_was(hub: Hub) -> None:
    query = f"?video={hub.video}"
    with hub.connect_directly(query) as slow:
        position = greet(slow)
        hub.happen(range(350), padding=LARGE)
        found: list[dict[str, Any]] = []
        with pytest.raises(ConnectionClosed):
            exhaust(slow, found)
    rest = hub.follow(found[-1]["sequence"] if found else position, 350 - len(found))
    assert numbers(found + rest) == list(range(350))


def test_frames_larger_than_all_buffers_arrive_whole(hub: Hub) -> None:
    with hub.connect_directly(f"?video={hub.video}") as slow:
        greet(slow)
        hub.happen(range(20), padding=HUGE)
        found = [receive(slow) for _ in range(20)]
    assert numbers(found) == list(range(20))
    assert {each["data"]["padding"] for each in found} == {"x" * HUGE}


def test_compression_is_never_agreed_on(hub: Hub) -> None:
    for connect in (hub.connect, hub.connect_directly):
        with connect(compression="deflate") as socket:
            assert socket.response is not None
            assert "Sec-WebSocket-Extensions" not in socket.response.headers


def test_a_client_that_says_too_much_is_dropped_with_a_reason(hub: Hub) -> None:
    with hub.connect(f"?video={hub.video}") as socket:
        greet(socket)
        for _ in range(10):
            socket.send("x" * 1000)
        with pytest.raises(ConnectionClosed) as ended:
            receive(socket)
    assert ended.value.rcvd is not None
    assert ended.value.rcvd.code == 1008
