"""One worker keeps itself free for what somebody waits for."""

from __future__ import annotations

from server.container import Container
from server.domain.task import Priority, Queue
from server.domain.user import User
from server.store import tasks
from server.store.database import transaction
from tests.integration.tasks.conftest import film


def test_the_urgent_worker_leaves_alone_what_nobody_waits_for(container: Container, alice: User) -> None:
    film(alice.id, 3, priority=Priority.LOWEST)
    assert container.tasks.claim(Queue.URGENT, "urgent") is None
    assert container.tasks.claim(Queue.HEAVY, "heavy") is not None


def test_the_urgent_worker_takes_what_a_player_asks_for_while_all_others_encode(
    container: Container, alice: User
) -> None:
    video_id = film(alice.id, 3, priority=Priority.LOWEST)
    assert container.tasks.claim(Queue.HEAVY, "heavy") is not None
    with transaction():
        assert tasks.await_segment(video_id, "v360", 2, Priority.AWAITED) is not None
    task = container.tasks.claim(Queue.URGENT, "urgent")
    assert task is not None
    assert task.spec["first"] == 2


def test_the_first_picture_of_a_film_is_urgent(container: Container, alice: User) -> None:
    film(alice.id, 1, priority=Priority.FIRST)
    assert container.tasks.claim(Queue.URGENT, "urgent") is not None
