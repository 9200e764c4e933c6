"""From the commit to the page, while everything works."""

from __future__ import annotations

from threading import Event, Thread

from server.store.database import transaction
from tests.integration.events.hub import DEADLINE_SECONDS, Hub, greet, numbers, receive


def test_an_event_reaches_an_open_page_as_a_cloudevent(hub: Hub) -> None:
    with hub.connect(f"?video={hub.video}") as socket:
        position = greet(socket)
        hub.happen(range(1))
        event = receive(socket)
    assert event["sequence"] > position
    assert {name: event[name] for name in ("specversion", "source", "type", "subject", "datacontenttype")} == {
        "specversion": "1.0",
        "source": "/matinee",
        "type": "video.changed",
        "subject": f"videos/{hub.video}",
        "datacontenttype": "application/json",
    }


def test_a_page_that_was_away_gets_what_it_missed_and_then_what_happens(hub: Hub) -> None:
    with hub.connect(f"?video={hub.video}") as socket:
        before = greet(socket)
        hub.happen(range(5))
        position = [receive(socket) for _ in range(5)][2]["sequence"]
    hub.happen(range(5, 10))
    with hub.connect(f"?after={position}&video={hub.video}") as socket:
        assert greet(socket) == position
        hub.happen(range(10, 15))
        assert numbers([receive(socket) for _ in range(12)]) == list(range(3, 15))
    assert numbers(hub.follow(before, 15)) == list(range(15))


def test_a_page_may_resume_while_much_is_happening(hub: Hub) -> None:
    with hub.connect(f"?video={hub.video}") as socket:
        before = greet(socket)
    with hub.happening(range(700)):
        first = hub.follow(before, 200)
        second = hub.follow(first[-1]["sequence"], 500)
    assert numbers(first + second) == list(range(700))


def test_a_page_hears_only_of_the_videos_it_asked_for(hub: Hub) -> None:
    with hub.connect(f"?video={hub.video}") as socket:
        greet(socket)
        mine, hub.video = hub.video, "somethingElse"
        hub.happen(range(3))
        hub.video = mine
        hub.happen(range(3, 4))
        assert numbers([receive(socket)]) == [3]


def test_positions_follow_the_order_of_commits_and_not_of_writing(hub: Hub) -> None:
    written, may_commit = Event(), Event()

    def write_early_and_commit_late() -> None:
        with transaction():
            hub.append(1)
            written.set()
            may_commit.wait(DEADLINE_SECONDS)

    with hub.connect(f"?video={hub.video}") as socket:
        before = greet(socket)
        late = Thread(target=write_early_and_commit_late)
        late.start()
        assert written.wait(DEADLINE_SECONDS)
        hub.happen(range(2, 3))
        second = receive(socket)
        may_commit.set()
        first = receive(socket)
        late.join()
    assert numbers([second, first]) == [2, 1]
    assert numbers(hub.follow(before, 2)) == [2, 1]


def test_events_of_many_writers_all_arrive_once(hub: Hub) -> None:
    with hub.connect(f"?video={hub.video}") as socket:
        greet(socket)
        writers = [Thread(target=hub.happen, args=(range(start, start + 25),)) for start in range(0, 200, 25)]
        for writer in writers:
            writer.start()
        found = numbers([receive(socket) for _ in range(200)])
        for writer in writers:
            writer.join()
    assert sorted(found) == list(range(200))
    for start in range(0, 200, 25):
        own = [number for number in found if start <= number < start + 25]
        assert own == list(range(start, start + 25))
