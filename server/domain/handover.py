"""What passes between the appliance and a worker, also where they are two machines: then as plain JSON values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from server.domain import rendition
from server.domain.plan import Assignment
from server.domain.playlist import INIT_SEGMENT, segment_name
from server.domain.source import Source
from server.domain.task import Task, TaskKind
from server.domain.timeline import Piece
from server.errors import Invalid

# Raised whenever worker and appliance could misunderstand each other; then both have to be of one version.
PROTOCOL = 1

_CODECS = re.compile(r"[A-Za-z0-9.]{0,64}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FRACTION = re.compile(r"[0-9]{1,18}(/[1-9][0-9]{0,17})?")


@dataclass(frozen=True, slots=True)
class MadePiece:
    """The piece of one rendition, whose files lie in the folder of that name within the attempt's folder.

    `count` segments were made. Fewer than planned means that the source holds less than it promised and the rendition
    ends at `ended` seconds; with none, `codecs` is empty and there is no init segment either.
    """

    rendition: str
    codecs: str
    count: int
    ended: Fraction | None = None


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file that was sent: its rendition, its name, its size in bytes, and its SHA-256 in hexadecimal digits."""

    rendition: str
    name: str
    size: int
    sha256: str


def files_of(task: Task) -> frozenset[tuple[str, str]]:
    """Return rendition and name of every file that the task of a piece may make."""
    return frozenset((made, name) for made in task.spec["renditions"] for name in _names(task, task.spec["count"]))


def files_made(task: Task, made: Iterable[MadePiece]) -> set[tuple[str, str]]:
    """Return rendition and name of every file of the pieces that were made."""
    return {(piece.rendition, name) for piece in made if piece.count for name in _names(task, piece.count)}


def _names(task: Task, count: int) -> tuple[str, ...]:
    first = task.spec["first"]
    return (INIT_SEGMENT, *(segment_name(index) for index in range(first, first + count)))


def task_to_dict(task: Task) -> dict[str, Any]:
    """Return a task as plain JSON values."""
    return {**asdict(task), "lease_until": task.lease_until.isoformat()}


def task_from_dict(values: dict[str, Any]) -> Task:
    """Build the task from what `task_to_dict` returned."""
    lease_until = datetime.fromisoformat(values["lease_until"])
    return Task(**{**values, "kind": TaskKind(values["kind"]), "lease_until": lease_until})


def assignment_to_dict(assignment: Assignment) -> dict[str, Any]:
    """Return an assignment as plain JSON values."""
    piece = assignment.piece
    exact = {"start": str(piece.start), "length": str(piece.length), "boundaries": [str(at) for at in piece.boundaries]}
    return {
        "source": assignment.source.to_dict(),
        "renditions": [made.to_dict() for made in assignment.renditions],
        "piece": {**asdict(piece), **exact},
    }


def assignment_from_dict(values: dict[str, Any]) -> Assignment:
    """Build the assignment from what `assignment_to_dict` returned."""
    piece = values["piece"]
    exact = {
        "start": Fraction(piece["start"]),
        "length": Fraction(piece["length"]),
        "boundaries": tuple(Fraction(at) for at in piece["boundaries"]),
    }
    return Assignment(
        Source.from_dict(values["source"]),
        tuple(rendition.from_dict(made) for made in values["renditions"]),
        Piece(**{**piece, **exact}),
    )


def made_to_dict(made: MadePiece) -> dict[str, Any]:
    """Return what was made as plain JSON values."""
    return {**asdict(made), "ended": None if made.ended is None else str(made.ended)}


def made_from_dict(values: Any, task: Task) -> MadePiece:
    """Read what a worker says that it made for `task`. Raises Invalid."""
    try:
        name, codecs, count, ended = (values[key] for key in ("rendition", "codecs", "count", "ended"))
        counted = name in task.spec["renditions"] and type(count) is int and 0 <= count <= task.spec["count"]
        told = _CODECS.fullmatch(codecs) and bool(codecs) == bool(count)
        if counted and told and (ended is None or _FRACTION.fullmatch(ended)):
            return MadePiece(name, codecs, count, None if ended is None else Fraction(ended))
    except (KeyError, TypeError):
        pass
    raise Invalid(f"This says of no piece of task {task.id} what was made of it.", code="invalid.handover")


def file_from_dict(values: Any, task: Task) -> MadeFile:
    """Read what a worker says of a file that it sent for `task`. Raises Invalid."""
    try:
        file = MadeFile(*(values[key] for key in ("rendition", "name", "size", "sha256")))
        if (file.rendition, file.name) in files_of(task) and type(file.size) is int and _DIGEST.fullmatch(file.sha256):
            return file
    except (KeyError, TypeError):
        pass
    raise Invalid(f"This names no file of task {task.id} with its size and SHA-256.", code="invalid.handover")
