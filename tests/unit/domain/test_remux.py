"""Which films are remuxed, and what their largest rendition becomes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from server.domain import rendition
from server.domain.ladder import ladder
from server.domain.passage import NOTHING, Passage, PicturePassage, cut_like
from server.domain.plan import Plan
from server.domain.remux import group, replacement, task
from server.domain.rendition import VideoRendition
from server.domain.source import Source
from server.domain.task import Priority
from tests.unit.domain.test_plan import LONG, PASSAGE

MATROSKA = replace(LONG, container="matroska,webm")
PICTURE = PicturePassage((Fraction(1, 2), Fraction(5), Fraction(9)), Fraction(601), 9_000_000, 8_000_000, "avc1.640028")


def _plan(source: Source, passage: Passage = NOTHING, *, av1: bool = False) -> Plan:
    source = cut_like(source, passage)
    return Plan(source, ladder(source, passage, av1=av1), 4)


@pytest.mark.parametrize("container", ["matroska,webm", "mpegts", "flv", "avi"])
def test_pictures_that_browsers_play_are_remuxed_out_of_what_they_do_not(container: str):
    made = task(_plan(replace(LONG, container=container)), NOTHING)
    assert made is not None
    assert (made.essential, Priority.REST < made.priority < Priority.LOWEST) == (False, True)


def test_an_mp4_is_remuxed_only_if_it_is_fragmented():
    assert task(_plan(LONG), NOTHING) is None
    assert task(_plan(LONG), Passage(fragmented=True)) is not None


def test_what_is_copied_already_is_not_remuxed():
    assert task(_plan(MATROSKA, PASSAGE), PASSAGE) is None


def test_what_browsers_do_not_play_is_not_remuxed():
    assert MATROSKA.video is not None
    deep = replace(MATROSKA, video=replace(MATROSKA.video, pixel_format="yuv420p10le"))
    assert task(_plan(deep), NOTHING) is None
    assert task(_plan(replace(MATROSKA, video=None)), NOTHING) is None


def test_a_film_of_one_size_is_seen_at_once_and_not_remuxed():
    assert MATROSKA.video is not None
    small = replace(MATROSKA.video, width=176, height=144, stored_width=176, stored_height=144)
    assert task(_plan(replace(MATROSKA, video=small)), NOTHING) is None


@pytest.mark.parametrize("av1", [False, True])
def test_only_those_rungs_wait_that_share_a_decode_with_the_largest(av1: bool):
    assert [made.name for made in group(_plan(MATROSKA, av1=av1))] == ["v480", "v720", "v1080"]


def _replaced() -> tuple[Plan, VideoRendition]:
    plan = _plan(MATROSKA)
    made = replacement(plan, PICTURE)
    assert made is not None
    others = tuple(one for one in plan.renditions if one.name != made.name)
    return replace(plan, renditions=(*others[:3], made, *others[3:])), made


def test_the_copied_rendition_begins_with_the_film_and_has_cuts_of_its_own():
    plan, made = _replaced()
    assert (made.name, made.copy, made.peak, made.average) == ("v1080", True, 9_000_000, 8_000_000)
    timeline = [(int(segment.start), int(segment.length)) for segment in plan.timeline(made)]
    assert timeline == [(0, 5), (5, 4), (9, 592)]
    (piece,) = plan.pieces((made,))
    assert (piece.first, piece.count, piece.last) == (0, 3, True)


def test_all_other_renditions_stay_as_they_were_planned():
    before = _plan(MATROSKA)
    after, made = _replaced()
    others = [one for one in before.renditions if one.name != made.name]
    assert [after.timeline(one) for one in others] == [before.timeline(one) for one in others]
    rest = [one for one in after.groups if one[0].name == "v480"]
    assert [one.name for one in rest[0]] == ["v480", "v720"]
    assert after.pieces(rest[0]) == before.pieces(group(before))


def test_its_cuts_survive_the_way_through_the_database():
    _, made = _replaced()
    assert rendition.from_dict(made.to_dict()) == made
    old = made.to_dict()
    del old["boundaries"]  # as it was written before there were any
    assert rendition.from_dict(old) == replace(made, boundaries=())


def test_pictures_that_players_take_only_smaller_are_not_replaced():
    assert MATROSKA.video is not None
    square = replace(MATROSKA.video, width=4096, height=4096, stored_width=4096, stored_height=4096)
    assert replacement(_plan(replace(MATROSKA, video=square)), PICTURE) is None
