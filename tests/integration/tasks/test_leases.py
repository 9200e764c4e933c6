"""Claims, leases and fences: PostgreSQL decides who owns a task, and nobody else writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis

from server import settings
from server.domain.ids import new_id
from server.domain.task import NewTask, Queue, TaskKind
from server.domain.video import Video
from server.queue.doorbell import Doorbell
from server.services.tasks import Tasks
from server.store import claims, renditions, tasks, videos
from server.store.database import changed, database, rows, transaction

LEASE = 90


@pytest.fixture
def film(bob):
    video_id = new_id()
    with transaction():
        videos.create(video_id, bob, "Film", "film.mp4", 1)
    return video_id


def _piece(key: str, priority: int = 400, first: int = 0, count: int = 1) -> NewTask:
    spec = {"renditions": ["v360"], "first": first, "count": count}
    return NewTask(TaskKind.VIDEO_PIECE, key, priority, start=first * 4.0, spec=spec)


def _add(film: str, *new: NewTask) -> list[int]:
    with transaction():
        return tasks.create(film, new)


def _claim(owner: str = "one", lease: int = LEASE):
    with transaction():
        return claims.claim(Queue.HEAVY, owner, lease)


def _video(film: str) -> Video:
    with transaction():
        video = videos.get(film)
    assert video is not None
    return video


def _state(task_id: int) -> dict:
    with transaction():
        return rows("SELECT * FROM tasks WHERE id = %s", task_id)[0]


def test_a_task_created_twice_is_one(film):
    assert len(_add(film, _piece("a"), _piece("a"))) == 1
    assert _add(film, _piece("a")) == []


def test_the_most_urgent_task_comes_first_and_then_the_oldest(film):
    _add(film, _piece("late", 400), _piece("later", 400), _piece("urgent", 800))
    assert [_claim().key for _ in range(3)] == ["urgent", "late", "later"]
    assert _claim() is None


def test_many_workers_never_claim_the_same_task(film):
    _add(film, *(_piece(str(number)) for number in range(40)))

    def work(owner: int) -> list[int]:
        mine = []
        while (task := _claim(str(owner))) is not None:
            mine.append(task.id)
        database.close()
        return mine

    with ThreadPoolExecutor(8) as pool:
        claimed = [one for part in pool.map(work, range(8)) for one in part]
    assert len(claimed) == len(set(claimed)) == 40


def test_whoever_lost_the_lease_can_neither_finish_nor_hand_back(film):
    _add(film, _piece("a"))
    zombie = _claim("zombie", lease=-1)
    with transaction():
        assert tasks.expire() == 1
        changed("UPDATE tasks SET not_before = now()")
    owner = _claim("owner")
    assert owner.fence == zombie.fence + 1
    with transaction():
        assert not tasks.hold(zombie.id, zombie.fence)
        assert not tasks.extend(zombie.id, zombie.fence, LEASE)
        assert not tasks.finish(zombie.id, zombie.fence)
        assert not tasks.release(zombie.id, zombie.fence)
        assert not tasks.fail(zombie.id, zombie.fence, "error", "too late")
        assert tasks.finish(owner.id, owner.fence)


def test_a_live_lease_is_left_alone(film):
    _add(film, _piece("a"))
    task = _claim()
    with transaction():
        assert tasks.expire() == 0
        assert tasks.extend(task.id, task.fence, LEASE)


def test_handing_back_does_not_count_as_an_attempt_and_dying_does(film):
    (task_id,) = _add(film, _piece("a"))
    task = _claim()
    with transaction():
        tasks.release(task.id, task.fence)
    assert (_state(task_id)["state"], _state(task_id)["attempt"]) == ("queued", 0)
    _claim("horse")
    with transaction():
        assert tasks.release_owner("horse", blameless=False) == [Queue.HEAVY]
    assert (_state(task_id)["state"], _state(task_id)["attempt"]) == ("queued", 1)


def test_a_loss_that_is_the_machine_s_fault_does_not_count_as_an_attempt(film):
    (task_id,) = _add(film, _piece("a"))
    _claim("horse")
    with transaction():
        assert tasks.release_owner("horse", blameless=True) == [Queue.HEAVY]
    assert (_state(task_id)["state"], _state(task_id)["attempt"]) == ("queued", 0)


def test_whoever_lives_to_see_its_lease_run_out_did_not_die_of_the_task(film):
    (task_id,) = _add(film, _piece("a"))
    limits = settings.Tasks(lease_seconds=-1)
    service = Tasks(limits, Doorbell(Redis()))
    for _ in range(limits.max_attempts + 1):
        task = service.claim(Queue.HEAVY, "cut off from PostgreSQL")
        assert task is not None
        with transaction():
            assert tasks.expire() == 1
            changed("UPDATE tasks SET not_before = now()")
        assert not service.extend(task)
        assert _state(task_id)["attempt"] == 0


def test_a_worker_that_says_nothing_when_its_lease_runs_out_has_made_an_attempt(film):
    (task_id,) = _add(film, _piece("a"))
    _claim("killed", lease=-1)
    with transaction():
        assert tasks.expire() == 1
    assert _state(task_id)["attempt"] == 1


def test_a_heartbeat_tells_how_far_the_work_is_and_a_new_attempt_begins_at_nothing(film):
    (task_id,) = _add(film, _piece("a"))
    task = _claim("one")
    with transaction():
        assert tasks.extend(task.id, task.fence, LEASE, 0.25)
        assert tasks.extend(task.id, task.fence, LEASE, None)
    assert _state(task_id)["progress"] == 0.25
    with transaction():
        tasks.release(task.id, task.fence)
    _claim("two")
    assert (_state(task_id)["progress"], _state(task_id)["worker"]) == (None, "two")


def test_a_failure_that_may_pass_waits_before_it_is_tried_again(film):
    _add(film, _piece("a"))
    task = _claim()
    with transaction():
        assert tasks.retry(task.id, task.fence, "unavailable", "try later", 60)
    assert _claim() is None


def test_removing_the_video_takes_its_tasks_from_whoever_works_on_them(film):
    _add(film, _piece("a"))
    task = _claim()
    with transaction():
        videos.remove(film)
        assert not tasks.extend(task.id, task.fence, LEASE)


def test_what_a_viewer_waits_for_jumps_the_queue_and_its_patience(film):
    _add(film, _piece("start", 600, 0, 3), _piece("middle", 400, 3, 3), _piece("end", 400, 6, 1))
    with transaction():
        assert tasks.await_segment(film, "v360", 4, 1000) == ("queued", Queue.HEAVY)
        assert tasks.await_segment(film, "v360", 7, 1000) is None
        assert tasks.await_segment(film, "v720", 0, 1000) is None
    assert _claim().key == "middle"


def test_progress_is_derived_from_the_tasks_themselves(film):
    _add(film, _piece("a"), _piece("b"))
    with transaction():
        videos.plan(film, {}, 8.0, (640, 360))
    done = _claim()
    with transaction():
        tasks.finish(done.id, done.fence)
    video = _video(film)
    assert (video.progress.done, video.progress.total) == (1, 2)
    with transaction():
        assert not videos.finish(film)
    last = _claim()
    with transaction():
        tasks.finish(last.id, last.fence)
        assert videos.finish(film)
        assert not videos.finish(film)


def test_a_film_is_playable_once_a_rendition_of_its_pictures_knows_its_codecs(film):
    with transaction():
        videos.plan(film, {}, 8.0, (640, 360))
        renditions.create(film, [("v360", {"kind": "video"}), ("a1", {"kind": "audio"})])
        renditions.note_codecs(film, "a1", "mp4a.40.2")
        assert not _video(film).playable
        renditions.note_codecs(film, "v360", "avc1.64001e")
        assert _video(film).playable


def test_the_sweep_leaves_alone_what_is_being_settled_at_this_moment(film):
    _add(film, _piece("a"), _piece("b"))
    late, lost = _claim("late", lease=-1), _claim("lost", lease=-1)

    def sweep() -> int:
        with transaction():
            expired = tasks.expire()
        database.close()
        return expired

    with ThreadPoolExecutor(1) as pool, transaction():
        assert tasks.hold(late.id, late.fence)
        assert pool.submit(sweep).result(timeout=10) == 1
        assert tasks.finish(late.id, late.fence)
    assert (_state(late.id)["state"], _state(lost.id)["state"]) == ("done", "queued")
