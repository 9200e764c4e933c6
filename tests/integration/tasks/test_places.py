"""What a film says of its place in the line, its remaining time and its renditions follows from the tasks."""

from __future__ import annotations

import pytest

from server.domain.video import Reason, Video
from server.domain.worker import Identity
from server.store import renditions, task_lists, tasks, videos, workers
from server.store.database import changed, transaction
from tests.integration.tasks.conftest import claim, film, serve


def seen(video_id: str) -> Video:
    with transaction():
        video = videos.get(video_id)
    assert video is not None
    return video


def took(seconds: float) -> None:
    """Say that every task that is done took so long."""
    with transaction():
        changed("UPDATE tasks SET started_at = finished_at - make_interval(secs => %s) WHERE state = 'done'", seconds)


def encoders(count: int) -> None:
    with transaction():
        for number in range(count):
            workers.beat(Identity(f"heavy-{number}", "here", "heavy", number, "1"))


def test_the_place_is_the_number_of_tasks_that_are_begun_before(alice, bob):
    long, first, second = film(alice.id, 30), film(bob, 3), film(bob, 3)
    serve(1)
    for video_id in (long, first, second):
        place, begun = seen(video_id).progress.queue_place, 0
        while (task := claim()).video_id != video_id:
            begun += 1
            with transaction():
                tasks.finish(task.id, task.fence)
        with transaction():
            changed("UPDATE tasks SET state = 'queued'")
        assert place is not None
        assert begun <= place <= begun + 1  # of two who were served as much, either may be first


def test_a_film_that_is_being_worked_on_has_no_one_ahead(alice, bob):
    long, short = film(alice.id, 30), film(bob, 3)
    first = claim()
    assert seen(first.video_id).progress.queue_place == 0
    assert seen(short if first.video_id == long else long).progress.queue_place is not None


def test_the_place_of_a_task_in_a_list_is_the_order_in_which_it_is_begun(alice):
    film(alice.id, 6)
    with transaction():
        places = {entry.queue_place: entry.id for entry in task_lists.page(50)}
    assert [claim().id for _ in range(6)] == [places[place] for place in range(6)]


def test_no_time_is_told_before_a_few_pieces_were_measured_and_somebody_is_there(alice):
    video_id = film(alice.id, 10)
    serve(2)
    encoders(1)
    assert seen(video_id).progress.eta_seconds is None
    serve(1)
    took(2.0)
    assert seen(video_id).progress.eta_seconds == pytest.approx(14.0)
    with transaction():
        changed("UPDATE workers SET state = 'paused'")
    assert seen(video_id).progress.eta_seconds is None


def test_the_remaining_time_counts_the_encoders_and_other_people_s_work(alice, bob):
    video_id = film(alice.id, 13)
    serve(3)
    took(2.0)
    encoders(2)
    assert seen(video_id).progress.eta_seconds == pytest.approx(10.0)
    short = film(bob, 4)
    assert seen(video_id).progress.eta_seconds == pytest.approx(14.0)
    assert seen(short).progress.eta_seconds == pytest.approx(8.0)


def test_a_film_that_was_given_up_promises_no_end(alice):
    video_id = film(alice.id, 10)
    serve(4)
    encoders(1)
    with transaction():
        assert videos.fail(video_id, Reason("unplayable.damaged", "It is damaged."))
    assert (seen(video_id).progress.eta_seconds, seen(video_id).progress.queue_place) == (None, None)


def test_a_rendition_knows_how_many_seconds_of_it_are_ready(alice):
    video_id = film(alice.id, 5)
    with transaction():
        renditions.create(video_id, [("v360", {}), ("v720", {"kind": "video"})])
        changed("UPDATE videos SET duration = 18 WHERE id = %s", video_id)
    serve(4)
    low, high = (one.as_dict() for one in seen(video_id).renditions)
    assert (low["done"], low["total"], low["state"], low["ready_seconds"]) == (4, 5, "preparing", 16.0)
    assert (high["total"], high["state"], high["ready_seconds"]) == (0, "waiting", 0.0)
    serve(1)
    assert seen(video_id).renditions[0].as_dict()["ready_seconds"] == 18.0
    assert seen(video_id).renditions[0].as_dict()["state"] == "ready"


def test_the_map_of_a_film_has_every_piece_of_every_rendition(alice):
    video_id = film(alice.id, 3)
    serve(1)
    claim()
    with transaction():
        found = task_lists.pieces(video_id)
    assert [(one["rendition"], one["start"], one["end"], one["state"]) for one in found] == [
        ("v360", 0.0, 4.0, "done"),
        ("v360", 4.0, 8.0, "running"),
        ("v360", 8.0, 12.0, "queued"),
    ]
