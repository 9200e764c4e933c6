"""Workers are shared between people, not between films, and whoever watches comes first."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from server.domain.task import Priority
from server.store import tasks
from server.store.database import database, transaction
from tests.integration.tasks.conftest import claim, film, serve


def test_bob_s_short_film_takes_turns_with_alice_s_ten_hours(alice, bob):
    long = film(alice.id, 900)
    assert serve(3) == [long] * 3
    short = film(bob, 5)
    assert serve(10) == [short, long] * 5
    assert serve(3) == [long] * 3


def test_whoever_is_alone_has_every_worker(alice):
    film(alice.id, 4)
    assert all(claim(f"worker-{number}") for number in range(4))


def test_two_workers_go_to_two_people(alice, bob):
    long, short = film(alice.id, 10), film(bob, 10)
    first, second = claim("first"), claim("second")
    assert {first.video_id, second.video_id} == {long, short}


def test_whoever_has_fewer_workers_gets_the_next_one(alice, bob):
    long = film(alice.id, 10)
    held = [claim(f"worker-{number}") for number in range(4)]
    assert {task.video_id for task in held} == {long}
    short = film(bob, 10)
    assert [claim(f"worker-{number}").video_id for number in range(4, 8)] == [short] * 4
    with transaction():
        tasks.finish(held[0].id, held[0].fence)
    assert claim("free").video_id == long


def test_a_thousand_short_films_starve_nobody_and_are_not_starved(alice, bob, charlie):
    long, short = film(alice.id, 200), film(bob, 100)
    shorts = {film(charlie.id, 1) for _ in range(1000)}
    served = Counter("charlie's" if one in shorts else one for one in serve(150))
    assert served == {"charlie's": 50, long: 50, short: 50}


def test_what_a_viewer_waits_for_comes_first_whoever_owns_it(alice, bob):
    long, short = film(alice.id, 20), film(bob, 5)
    serve(3)
    with transaction():
        tasks.await_segment(long, "v360", 15, Priority.AWAITED)
        tasks.await_segment(long, "v360", 16, Priority.AWAITED)
    assert serve(2) == [long, long]
    assert serve(1) == [short]


def test_what_is_more_urgent_comes_first_whoever_owns_it(alice, bob):
    rest = film(alice.id, 3, Priority.REST)
    lowest = film(bob, 3, Priority.LOWEST)
    assert serve(6) == [lowest] * 3 + [rest] * 3


def test_a_person_s_own_films_go_on_side_by_side(alice):
    one, other = film(alice.id, 3), film(alice.id, 3)
    assert serve(6) == [one, other] * 3


def test_many_workers_share_two_people_s_tasks_without_taking_one_twice(alice, bob):
    long, short = film(alice.id, 120), film(bob, 40)

    def work(number: int) -> list[tuple[int, str]]:
        mine = []
        while (task := claim(str(number))) is not None:
            mine.append((task.id, task.video_id))
            with transaction():
                tasks.finish(task.id, task.fence)
        database.close()
        return mine

    with ThreadPoolExecutor(8) as pool:
        claimed = [one for part in pool.map(work, range(8)) for one in part]
    assert len({task for task, _ in claimed}) == len(claimed) == 160
    assert Counter(video for _, video in claimed) == {long: 120, short: 40}


def test_a_worker_finds_what_another_one_is_not_taking_just_now(alice):
    """A row that somebody holds for a moment hides nothing but itself."""
    film(alice.id, 2)

    def other() -> str | None:
        task = claim("other")
        database.close()
        return task.key if task else None

    with ThreadPoolExecutor(1) as pool, transaction():
        assert claim("mine").key == "v360:00000"
        assert pool.submit(other).result(timeout=10) == "v360:00001"
