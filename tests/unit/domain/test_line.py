"""The arithmetic of the line: places and remaining times from one snapshot."""

from __future__ import annotations

import pytest

from server.domain.line import Holding, Line, Ticket

ALICE, BOB = "alice", "bob"


def holding(owner: str, film: str, queued: int, running: int = 0, cost: float = 0.0, priority: int = 600) -> Holding:
    return Holding("heavy", owner, film, priority, queued, running, cost)


def ticket(owner: str, before: int = 0, priority: int = 600) -> Ticket:
    return Ticket("heavy", owner, priority, before)


def test_nobody_is_ahead_of_the_only_film():
    assert Line([holding(ALICE, "film", 9)], None).ahead(ticket(ALICE)) == 0


def test_another_person_has_one_turn_first_and_no_more():
    line = Line([holding(ALICE, "long", 900), holding(BOB, "short", 5)], None)
    assert line.ahead(ticket(BOB)) == 1


def test_whoever_has_more_at_work_comes_after():
    line = Line([holding(ALICE, "long", 900, running=2), holding(BOB, "short", 5)], None)
    assert line.ahead(ticket(BOB)) == 0


def test_everything_more_urgent_is_ahead_whosever_it_is():
    line = Line([holding(ALICE, "long", 7, priority=800), holding(BOB, "other", 3, priority=800)], None)
    assert line.ahead(ticket(BOB)) == 10


def test_what_is_less_urgent_or_on_another_queue_is_not_ahead():
    line = Line([holding(ALICE, "long", 7, priority=400), Holding("light", ALICE, "long", 600, 5, 0, 0)], None)
    assert line.ahead(ticket(BOB)) == 0


def test_every_piece_before_mine_in_my_own_line_lets_the_others_have_another_turn():
    line = Line([holding(ALICE, "long", 900), holding(BOB, "first", 4), holding(BOB, "second", 4)], None)
    assert line.ahead(ticket(BOB, before=4)) == 4 + 5


def test_a_film_is_worked_on_while_one_of_its_pieces_runs():
    line = Line([holding(ALICE, "long", 9, running=1), holding(BOB, "short", 5)], None)
    assert (line.working_on("long"), line.working_on("short")) == (True, False)


def test_no_time_is_told_before_the_speed_is_known():
    assert Line([holding(ALICE, "film", 9, cost=90)], None).seconds(ALICE, "film") is None


def test_a_film_alone_takes_its_own_work():
    assert Line([holding(ALICE, "film", 9, cost=90)], 3.0).seconds(ALICE, "film") == pytest.approx(30)


def test_another_person_s_long_film_takes_as_much_as_mine():
    line = Line([holding(ALICE, "long", 900, cost=9000), holding(BOB, "short", 5, cost=50)], 10.0)
    assert line.seconds(BOB, "short") == pytest.approx(10)
    assert line.seconds(ALICE, "long") == pytest.approx(905)


def test_a_thousand_films_of_one_person_are_one_person():
    shorts = [holding(BOB, str(number), 1, cost=10) for number in range(1000)]
    line = Line([*shorts, holding(ALICE, "film", 5, cost=50)], 10.0)
    assert line.seconds(ALICE, "film") == pytest.approx(10)
