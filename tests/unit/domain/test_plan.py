"""The plan of a film: every segment of every rendition is made once, and the most wanted first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest

from server.domain.ladder import ladder
from server.domain.passage import NOTHING, Passage, PicturePassage, cut_like
from server.domain.plan import Plan
from server.domain.rendition import VideoRendition
from server.domain.source import Source
from server.domain.task import QUEUE_OF, Priority, Queue, TaskKind
from tests.unit.domain.test_source import AUDIO, FILM, VIDEO

LONG = replace(
    FILM,
    duration=Fraction(600),
    video=replace(VIDEO, width=1920, height=1080, stored_width=1920, stored_height=1080, duration=Fraction(600)),
)
CUTS = tuple(Fraction(5 * number) for number in range(120))
PASSAGE = Passage(PicturePassage(CUTS, Fraction(600), 9_000_000, 8_000_000, "avc1.640028"), frozenset({AUDIO.index}))


def _plan(source: Source = LONG, passage: Passage = NOTHING) -> Plan:
    source = cut_like(source, passage)
    return Plan(source, ladder(source, passage), 4)


@pytest.mark.parametrize("plan", [_plan(), _plan(passage=PASSAGE), _plan(replace(LONG, video=None))])
def test_every_segment_of_every_rendition_is_made_by_exactly_one_task(plan: Plan):
    made = Counter(
        (name, segment)
        for task in plan.tasks()
        for name in task.spec["renditions"]
        for segment in range(task.spec["first"], task.spec["first"] + task.spec["count"])
    )
    wanted = {(one.name, segment.index) for one in plan.renditions for segment in plan.timeline(one)}
    assert set(made) == wanted
    assert set(made.values()) == {1}


def test_the_first_seconds_of_the_smallest_rung_and_of_the_sound_come_first():
    first = [task for task in _plan().tasks() if task.priority == Priority.FIRST]
    assert [(task.key, task.start) for task in first] == [("v360:00000", 0), ("a1:00000", 0)]
    assert {task.spec["count"] for task in first} == {1}
    later = [task.spec["renditions"] for task in _plan().tasks() if task.priority == Priority.REST]
    assert all(names == ["v480", "v720", "v1080"] for names in later)


def test_what_is_copied_is_the_work_of_a_moment_and_has_its_own_workers():
    copied = [task for task in _plan(passage=PASSAGE).tasks() if task.kind is TaskKind.COPY_PIECE]
    assert {task.spec["renditions"][0] for task in copied} == {"v1080", "a1"}
    assert {QUEUE_OF[task.kind] for task in copied} == {Queue.LIGHT}


def test_all_pictures_are_cut_where_the_copied_ones_can_be_cut():
    plan = _plan(passage=PASSAGE)
    starts = {
        tuple(segment.start for segment in plan.timeline(made))
        for made in plan.renditions
        if isinstance(made, VideoRendition)
    }
    assert starts == {CUTS}


def test_an_assignment_finds_its_renditions_by_name():
    plan = _plan()
    assert [made.name for made in plan.group(["v480", "v1080"])] == ["v480", "v1080"]
    with pytest.raises(KeyError):
        plan.group(["v144"])
