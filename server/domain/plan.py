"""The plan of a film: which segments every rendition has, which pieces they are made in, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from server.domain.ladder import groups
from server.domain.rendition import AudioRendition, Rendition, VideoRendition
from server.domain.source import Source
from server.domain.task import NewTask, Priority, TaskKind
from server.domain.timeline import (
    COPY_GROWTH,
    GROUP_GROWTH,
    PICTURE_GROWTH,
    Piece,
    Segment,
    pieces,
    segments,
    sound_segments,
)

# Costs are in the unit of encoded pictures: a million pixels for a second. Copying is bound by the disk.
_SOUND_COST = 0.02
_COPY_COST = 0.002

Group = tuple[Rendition, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What the task of a piece is about: the facts of the original, the renditions to make, and which part of them."""

    source: Source
    renditions: Group
    piece: Piece


@dataclass(frozen=True)
class Plan:
    """Everything that follows from the facts of a source and its renditions; nothing in it is decided later."""

    source: Source
    renditions: tuple[Rendition, ...]
    segment_seconds: int

    def timeline(self, made: Rendition) -> tuple[Segment, ...]:
        """Return every segment that the rendition will have."""
        source = self.source
        if isinstance(made, VideoRendition) and made.boundaries:
            *starts, end = made.boundaries
            return segments(end, self.segment_seconds, starts)
        if isinstance(made, AudioRendition):
            return sound_segments(source.duration, self.segment_seconds, made.grid, source.cuts)
        return segments(source.picture_duration, self.segment_seconds, source.cuts)

    def pieces(self, group: Group) -> tuple[Piece, ...]:
        """Return the pieces in which the renditions of a group are made together."""
        return pieces(self.timeline(group[0]), self._growth(group))

    @cached_property
    def groups(self) -> list[Group]:
        """The renditions that are made together, most wanted first."""
        return groups(self.renditions)

    def group(self, names: list[str]) -> Group:
        """Return the renditions called `names`. Raises KeyError if the plan has another rendition there."""
        known = {made.name: made for made in self.renditions}
        return tuple(known[name] for name in names)

    def tasks(self) -> list[NewTask]:
        """Return the tasks of all pieces in the order of the film."""
        made = [self._task(group, piece) for group in self.groups for piece in self.pieces(group)]
        return sorted(made, key=lambda task: task.start)

    @cached_property
    def lowest(self) -> Group | None:
        """The smallest encoded pictures: whatever cannot be copied is first seen in them."""
        return next((group for group in self.groups if _kind(group[0]) is TaskKind.VIDEO_PIECE), None)

    def _task(self, group: Group, piece: Piece) -> NewTask:
        names = [made.name for made in group]
        return NewTask(
            kind=_kind(group[0]),
            key=f"{'+'.join(names)}:{piece.index:05d}",
            priority=self._priority(group, piece),
            cost=float(piece.length) * sum(_cost(made) for made in group),
            start=float(piece.start),
            essential=group[0].essential,
            spec={"renditions": names, "piece": piece.index, "first": piece.first, "count": piece.count},
        )

    def _growth(self, group: Group) -> tuple[int, ...]:
        made = group[0]
        if isinstance(made, VideoRendition) and made.boundaries:
            return (len(made.boundaries),)
        if _kind(made) is TaskKind.COPY_PIECE:
            return COPY_GROWTH
        if isinstance(made, AudioRendition):
            return made.growth
        # Whatever is urgent waits for the end of a piece that is not: let that be soon.
        return PICTURE_GROWTH if group == self.lowest else GROUP_GROWTH

    def _priority(self, group: Group, piece: Piece) -> Priority:
        made = group[0]
        if isinstance(made, VideoRendition) and not made.essential:
            return Priority.IDLE
        if not made.essential or (_kind(made) is TaskKind.VIDEO_PIECE and group != self.lowest):
            return Priority.REST
        return Priority.FIRST if piece.index == 0 else Priority.LOWEST


def _kind(made: Rendition) -> TaskKind:
    if isinstance(made, VideoRendition):
        return TaskKind.COPY_PIECE if made.copy else TaskKind.VIDEO_PIECE
    return TaskKind.COPY_PIECE if made.indexed else TaskKind.AUDIO_PIECE


def _cost(made: Rendition) -> float:
    """Work for one second of film."""
    if _kind(made) is TaskKind.COPY_PIECE:
        return _COPY_COST
    return _SOUND_COST if isinstance(made, AudioRendition) else made.width * made.height / 1e6
