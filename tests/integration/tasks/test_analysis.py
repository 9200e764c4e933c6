"""What trial pieces tell changes a plan only while nobody has begun to carry it out."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.task import Queue, TaskKind
from server.store import renditions, videos
from server.store.database import rows, transaction
from tests.integration.tasks.conftest import planned
from tests.unit.domain.test_plan import LONG

# A recorded lecture: 1080 lines take hardly more than 720.
SIZES = {"v480": 300_000, "v720": 700_000, "v1080": 800_000}


@pytest.fixture
def film(container, bob):
    """The id of a film of ten minutes whose plan is made."""
    video_id = planned(container, bob, LONG)
    yield video_id
    container.library.remove_video(video_id)


def _claim(container, kind: TaskKind, first: str | None = None):
    """The next task of a kind (and with these renditions first)."""
    while (task := container.tasks.claim(Queue.HEAVY, "worker")) is not None:
        if task.kind is kind and (first is None or task.spec["renditions"][0] == first):
            return task
    raise AssertionError(f"there is no {kind}")


def _groups(film: str) -> set[tuple[str, ...]]:
    with transaction():
        found = rows("SELECT DISTINCT spec->'renditions' AS names FROM tasks WHERE video_id = %s", film)
    return {tuple(row["names"]) for row in found if row["names"]}


def _found(film: str) -> dict[str, Any]:
    """What the API says of the trial pieces."""
    with transaction():
        video = videos.get(film)
    assert video is not None
    assert video.analysis is not None
    return video.analysis


def test_a_rung_that_is_not_worth_making_leaves_the_plan(container, film):
    container.analyses.settle(_claim(container, TaskKind.ANALYSIS), SIZES)
    with transaction():
        names = [row["name"] for row in renditions.of_video(film)]
    assert names == ["v360", "v480", "v1080", "a1"]
    assert ("v480", "v1080") in _groups(film)
    assert _found(film)["dropped"] == ["v720"]
    assert not container.layout.rendition(film, "v720").exists()
    task = _claim(container, TaskKind.VIDEO_PIECE, "v480")
    assignment = container.preparation.assignment(task)
    assert [made.name for made in assignment.renditions] == ["v480", "v1080"]
    assert (assignment.piece.first, assignment.piece.count) == (task.spec["first"], task.spec["count"])


def test_a_rung_that_somebody_has_begun_stays(container, film):
    trial = _claim(container, TaskKind.ANALYSIS)
    _claim(container, TaskKind.VIDEO_PIECE, "v480")
    container.analyses.settle(trial, SIZES)
    with transaction():
        names = [row["name"] for row in renditions.of_video(film)]
    assert names == ["v360", "v480", "v720", "v1080", "a1"]
    assert _found(film)["dropped"] == []
