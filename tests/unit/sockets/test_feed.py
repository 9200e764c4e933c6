from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Unavailable
from server.web.sockets.feed import BURST, Feed
from tests.unit.sockets.story import Notes, Outbox, event


def feed_of(outbox: Outbox, *messages: bytes | None) -> Feed:
    def listen() -> Iterator[bytes | None]:
        yield from messages

    return Feed(listen, outbox.after, outbox.newest_position, yield_turn=lambda: None)


def followed(outbox: Outbox) -> tuple[Feed, Notes]:
    """A feed that begins now, and somebody who follows it."""
    feed = feed_of(outbox)
    feed.take(None)
    notes = Notes(outbox.newest_position())
    assert feed.join(notes)
    return feed, notes


def happen(outbox: Outbox, *positions: int) -> list[bytes]:
    found = [event(position) for position in positions]
    outbox.events += found
    return [each.to_json() for each in found]


def test_events_are_passed_on_as_they_come() -> None:
    feed, notes = followed(outbox := Outbox())
    for message in happen(outbox, 1, 2, 3):
        feed.take(message)
    assert notes.told == [1, 2, 3]


def test_what_happened_before_the_process_began_is_not_told_again() -> None:
    feed, notes = followed(Outbox([event(1), event(2)]))
    feed.take(event(2).to_json())
    assert notes.told == []


def test_a_hole_is_filled_before_the_event_behind_it() -> None:
    feed, notes = followed(outbox := Outbox())
    first, *_, last = happen(outbox, 1, 2, 3, 4, 5)
    feed.take(first)
    feed.take(last)
    assert notes.told == [1, 2, 3, 4, 5]


def test_an_event_that_comes_late_or_twice_is_told_once() -> None:
    feed, notes = followed(outbox := Outbox())
    one, two, three = happen(outbox, 1, 2, 3)
    for message in (one, three, two, three, one):
        feed.take(message)
    assert notes.told == [1, 2, 3]


def test_a_position_that_was_never_used_stops_nothing() -> None:
    feed, notes = followed(outbox := Outbox())
    for message in happen(outbox, 1, 4):
        feed.take(message)
    assert notes.told == [1, 4]


def test_a_lost_last_event_is_found_when_it_is_quiet() -> None:
    feed, notes = followed(outbox := Outbox())
    happen(outbox, 1)
    feed.take(None)
    assert notes.told == [1]


def test_a_hole_larger_than_a_page_is_filled_whole() -> None:
    feed, notes = followed(outbox := Outbox())
    happen(outbox, *range(1, 1202))
    feed.take(None)
    assert notes.told == list(range(1, 1202))


def test_without_the_database_nothing_is_skipped() -> None:
    feed, notes = followed(outbox := Outbox())
    _, _, third = happen(outbox, 1, 2, 3)
    outbox.reachable = False
    with pytest.raises(Unavailable):
        feed.take(third)
    assert notes.told == []
    outbox.reachable = True
    feed.take(None)
    assert notes.told == [1, 2, 3]


def test_an_event_removed_from_the_outbox_is_still_told_when_it_comes() -> None:
    feed, notes = followed(Outbox())
    feed.take(event(7).to_json())
    assert notes.told == [7]


@pytest.mark.parametrize("nonsense", [b"", b"{}", b"[1]", b"\xff", b'{"sequence": "x", "subject": ""}', b"null"])
def test_a_message_that_is_no_event_is_ignored(nonsense: bytes) -> None:
    outbox = Outbox()
    feed = feed_of(outbox, None, nonsense, event(1).to_json())
    notes = Notes()
    feed.position = 0
    assert feed.join(notes)
    feed.run()
    assert notes.told == [1]


def test_nobody_joins_before_the_feed_knows_where_it_is() -> None:
    assert not feed_of(Outbox()).join(Notes(99))


def test_somebody_who_lacks_an_event_must_read_it_first() -> None:
    feed, _ = followed(Outbox([event(1), event(2)]))
    assert not feed.join(Notes(1))
    assert feed.join(Notes(2))


def test_writers_get_their_turn_within_a_burst() -> None:
    turns: list[int] = []
    outbox = Outbox()
    feed = Feed(lambda: iter(()), outbox.after, outbox.newest_position, yield_turn=lambda: turns.append(1))
    feed.take(None)
    for message in happen(outbox, *range(1, 3 * BURST + 1)):
        feed.take(message)
    assert len(turns) == 3


def test_everybody_is_told_when_the_process_ends() -> None:
    feed, notes = followed(Outbox())
    feed.dismiss()
    assert notes.dismissed


@given(st.data())
def test_whatever_redis_loses_repeats_or_swaps_everything_is_told_once_in_order(data: st.DataObject) -> None:
    positions = sorted(data.draw(st.sets(st.integers(1, 60), max_size=30)))
    feed, notes = followed(outbox := Outbox())
    stored = 0
    for _ in range(data.draw(st.integers(0, 40))):
        stored += data.draw(st.integers(0, 3))
        outbox.events = [event(position) for position in positions[:stored]]
        candidates = [each.to_json() for each in outbox.events]
        feed.take(data.draw(st.sampled_from([None, *candidates])))
    outbox.events = [event(position) for position in positions]
    feed.take(None)
    assert notes.told == positions
