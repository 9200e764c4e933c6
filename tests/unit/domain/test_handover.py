"""What appliance and worker tell each other survives JSON, and nothing else is believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from server.domain import handover
from server.domain.handover import MadeFile, MadePiece
from server.domain.ladder import ladder
from server.domain.plan import Assignment, Plan
from server.domain.task import Task, TaskKind
from server.errors import Invalid
from tests.unit.domain.test_source import FILM

SPEC: dict[str, Any] = {"renditions": ["v480", "v720"], "piece": 2, "first": 3, "count": 2}
TASK = Task(7, TaskKind.VIDEO_PIECE, "ViDEo1234567", "v480+v720:00002", 1, 4, SPEC, datetime(2026, 5, 4, tzinfo=UTC))
MADE = {"rendition": "v480", "codecs": "avc1.64001f", "count": 2, "ended": None}
FILE: dict[str, Any] = {"rendition": "v720", "name": "00004.m4s", "size": 9, "sha256": "0" * 64}


def test_a_task_survives_json():
    assert handover.task_from_dict(json.loads(json.dumps(handover.task_to_dict(TASK)))) == TASK


def test_every_assignment_of_a_film_survives_json_exactly():
    plan = Plan(FILM, ladder(FILM), 4)
    for task in plan.tasks():
        group = plan.group(task.spec["renditions"])
        told = Assignment(plan.source, group, plan.pieces(group)[task.spec["piece"]])
        assert handover.assignment_from_dict(json.loads(json.dumps(handover.assignment_to_dict(told)))) == told


@pytest.mark.parametrize("made", [MadePiece("v480", "avc1.64001f", 2), MadePiece("v720", "", 0, Fraction(25, 3))])
def test_what_was_made_survives_json(made):
    assert handover.made_from_dict(json.loads(json.dumps(handover.made_to_dict(made))), TASK) == made


@pytest.mark.parametrize(
    "change",
    [
        {"rendition": "v1080"},
        {"rendition": ["v480"]},
        {"codecs": ""},
        {"codecs": 'avc1"\n#EXT-X-ENDLIST'},
        {"codecs": None},
        {"count": 0},
        {"count": 3},
        {"count": -1},
        {"count": True},
        {"count": "2"},
        {"ended": "1/0"},
        {"ended": "-1"},
        {"ended": "9" * 40},
        {"ended": 4.5},
    ],
    ids=str,
)
def test_what_fits_no_piece_of_the_task_is_refused(change):
    with pytest.raises(Invalid):
        handover.made_from_dict({**MADE, **change}, TASK)


@pytest.mark.parametrize(
    "change",
    [
        {"rendition": "v1080"},
        {"rendition": ".."},
        {"name": "00002.m4s"},
        {"name": "00005.m4s"},
        {"name": "../init.mp4"},
        {"name": "index.m3u8"},
        {"name": ["init.mp4"]},
        {"size": "9"},
        {"sha256": "0" * 63},
        {"sha256": None},
    ],
    ids=str,
)
def test_a_file_that_the_task_does_not_make_is_refused(change):
    assert handover.file_from_dict(FILE, TASK) == MadeFile(**FILE)
    with pytest.raises(Invalid):
        handover.file_from_dict({**FILE, **change}, TASK)


@pytest.mark.parametrize("told", [None, [], "v480", 7, {}])
def test_what_is_no_object_is_refused(told):
    for read in (handover.made_from_dict, handover.file_from_dict):
        with pytest.raises(Invalid):
            read(told, TASK)


def test_a_piece_without_segments_has_no_files():
    whole, empty = MadePiece("v480", "avc1.64001f", 1), MadePiece("v720", "", 0, Fraction(12))
    assert handover.files_made(TASK, [whole, empty]) == {("v480", "init.mp4"), ("v480", "00003.m4s")}
