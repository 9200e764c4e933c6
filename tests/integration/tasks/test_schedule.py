"""Cancelling and trying again: by whoever may, with everything that follows from it."""

from __future__ import annotations

import pytest

from server.domain.task import NewTask, Priority, Queue, TaskKind, TaskState
from server.domain.video import VideoState
from server.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Unavailable
from server.store import claims, tasks
from server.store.database import changed, rows, transaction
from tests.integration.tasks.conftest import claim, film, serve


@pytest.fixture
def schedule(container):
    return container.schedule


def _extra(video_id: str) -> int:
    """Add a task that the film can do without."""
    with transaction():
        (task_id,) = tasks.create(video_id, [NewTask(TaskKind.POSTER, "poster", Priority.POSTER, essential=False)])
    return task_id


def _original(container, video_id: str) -> None:
    path = container.layout.original(video_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"film")


def _kinds(video_id: str) -> list[str]:
    with transaction():
        return [row["kind"] for row in rows("SELECT kind FROM tasks WHERE video_id = %s ORDER BY id", video_id)]


def test_cancelling_a_film_fails_it_and_takes_the_task_from_whoever_runs_it(container, schedule, alice):
    video_id = film(alice.id, 3)
    task = claim()
    video = schedule.cancel_video(alice, video_id)
    assert (video.state, video.error.code) == (VideoState.FAILED, "cancelled")
    assert "alice" in video.error.message
    assert not container.tasks.extend(task)
    with transaction():
        assert not tasks.hold(task.id, task.fence)
    assert claim() is None


def test_a_cancelled_film_can_be_prepared_anew_from_its_original(container, schedule, alice):
    video_id = film(alice.id, 3)
    _original(container, video_id)
    schedule.cancel_video(alice, video_id)
    video = schedule.retry_video(alice, video_id)
    assert (video.state, video.error, video.renditions) == (VideoState.CHECKING, None, ())
    assert _kinds(video_id) == ["plan"]
    with transaction():
        plan = claims.claim(Queue.LIGHT, "planner", 90)
    assert plan is not None
    assert (plan.video_id, plan.attempt) == (video_id, 1)


def test_a_film_whose_original_is_lost_is_not_prepared_anew(schedule, alice):
    video_id = film(alice.id, 1)
    schedule.cancel_video(alice, video_id)
    with pytest.raises(Gone):
        schedule.retry_video(alice, video_id)


def test_cancelling_a_task_that_the_film_needs_fails_the_film(schedule, alice):
    video_id = film(alice.id, 3)
    task = claim()
    entry = schedule.cancel_task(alice, task.id)
    assert (entry.state, entry.error.code) == (TaskState.FAILED, "cancelled")
    assert claim() is None
    assert _kinds(video_id) == ["video-piece"]


def test_cancelling_what_the_film_can_do_without_leaves_the_film_alone(schedule, alice):
    video_id = film(alice.id, 1)
    extra = _extra(video_id)
    schedule.cancel_task(alice, extra)
    serve(1)
    with transaction():
        state = rows("SELECT state FROM videos WHERE id = %s", video_id)[0]["state"]
    assert state == VideoState.PREPARING
    video = schedule.retry_task(alice, extra)
    assert video.state is VideoState.PREPARING
    assert claim().id == extra


def test_cancelling_a_ready_film_ends_only_what_is_still_being_made(schedule, alice):
    video_id = film(alice.id, 1)
    extra = _extra(video_id)
    with transaction():
        changed("UPDATE videos SET state = 'ready' WHERE id = %s", video_id)
        changed("UPDATE tasks SET state = 'done' WHERE id <> %s", extra)
    assert schedule.cancel_video(alice, video_id).state is VideoState.READY
    assert schedule.get(alice, extra).state is TaskState.FAILED
    with pytest.raises(Conflict):
        schedule.cancel_video(alice, video_id)


def test_what_is_over_is_not_cancelled_and_what_has_not_failed_is_not_tried_again(schedule, alice):
    video_id = film(alice.id, 1)
    with pytest.raises(Conflict):
        schedule.retry_video(alice, video_id)
    task = claim()
    with pytest.raises(Conflict):
        schedule.retry_task(alice, task.id)
    with transaction():
        tasks.finish(task.id, task.fence)
    with pytest.raises(Conflict):
        schedule.cancel_task(alice, task.id)


def test_the_event_says_who_cancelled(schedule, alice, bob):
    video_id = film(bob, 2)
    schedule.cancel_video(alice, video_id)
    with transaction():
        last = rows("SELECT actor, data FROM outbox ORDER BY serial DESC LIMIT 1")[0]
    assert (last["actor"], last["data"]["state"]) == (alice.id, "failed")


def test_people_see_and_direct_the_work_on_their_own_films_only(schedule, alice, bob, charlie):
    own, other = film(charlie.id, 2), film(bob, 2)
    assert {entry.video_id for entry in schedule.page(charlie).tasks} == {own}
    assert {entry.video_id for entry in schedule.page(alice).tasks} == {own, other}
    with pytest.raises(Forbidden):
        schedule.cancel_video(charlie, other)
    with pytest.raises(Forbidden):
        schedule.pieces(charlie, other)
    with pytest.raises(Forbidden):
        schedule.get(charlie, schedule.page(alice, video_id=other).tasks[0].id)
    assert schedule.cancel_video(charlie, own).state is VideoState.FAILED


def test_a_list_of_tasks_has_pages_that_leave_nothing_out(schedule, alice):
    film(alice.id, 7)
    seen, cursor = [], None
    while True:
        page = schedule.page(alice, cursor, limit=3)
        seen += [entry.id for entry in page.tasks]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 7


def test_a_list_can_be_narrowed_to_states(schedule, alice):
    film(alice.id, 3)
    task = claim()
    assert [entry.id for entry in schedule.page(alice, states=["running"]).tasks] == [task.id]
    with pytest.raises(Invalid):
        schedule.page(alice, states=["asleep"])
    with pytest.raises(Invalid):
        schedule.page(alice, "12; DROP TABLE tasks")


def test_a_task_that_does_not_exist_is_not_found(schedule, alice):
    with pytest.raises(NotFound):
        schedule.get(alice, 1)


def test_a_part_that_does_not_answer_is_no_fault_of_the_film(container, schedule, alice):
    film(alice.id, 1)
    for _ in range(container.settings.tasks.max_attempts + 1):
        task = claim()
        container.preparation.failed(task, Unavailable("PostgreSQL was away."))
        entry = schedule.get(alice, task.id)
        assert (entry.state, entry.attempt) == (TaskState.QUEUED, 0)
        with transaction():
            changed("UPDATE tasks SET not_before = now()")
