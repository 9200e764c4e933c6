"""Which rungs of a ladder are not worth making."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from server.domain import analysis
from server.domain.ladder import ladder
from server.domain.plan import Plan
from tests.unit.domain.test_plan import LONG
from tests.unit.domain.test_source import FILM

RUNGS = ["v480", "v720", "v1080"]


@pytest.mark.parametrize(
    ("sizes", "dropped"),
    [
        ((100, 200, 400), ()),
        ((100, 350, 400), ("v720",)),
        ((350, 390, 400), ("v720", "v480")),
        ((190, 200, 400), ("v480",)),
        # 480 lines are far enough from 1080 once 720 are gone.
        ((300, 350, 400), ("v720",)),
    ],
)
def test_a_rung_that_saves_too_little_is_left_out_and_the_largest_stays(
    sizes: tuple[int, ...], dropped: tuple[str, ...]
):
    found = analysis.judge(RUNGS, dict(zip(RUNGS, (1000 * size for size in sizes), strict=True)))
    assert found.dropped == dropped
    assert found.rates["v1080"] == 400_000 * 8 // 6


def test_trial_pieces_lie_within_the_film():
    plan = Plan(LONG, ladder(LONG), 4)
    trials = analysis.trials(plan)
    assert [piece.start for piece in trials] == [120, 300, 480]
    assert {piece.length for piece in trials} == {2}


def test_a_short_film_is_not_tried_out_and_a_long_one_is():
    task = analysis.task(Plan(LONG, ladder(LONG), 4))
    assert task is not None
    assert task.spec["compared"] == RUNGS
    assert not task.essential
    assert analysis.task(Plan(FILM, ladder(FILM), 4)) is None
    small = replace(LONG, video=replace(LONG.video, width=320, height=240, duration=Fraction(600)))  # type: ignore[type-var]
    assert analysis.task(Plan(small, ladder(small), 4)) is None


def test_pieces_stay_where_they_were_when_a_rung_is_left_out():
    plan = Plan(LONG, ladder(LONG), 4)
    all_three, one = plan.group(RUNGS), plan.group(["v1080"])
    assert plan.pieces(all_three) == Plan(LONG, plan.group(["v360", "v1080"]), 4).pieces(one)
