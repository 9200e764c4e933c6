"""What a film needs: a few trial pieces tell which rungs of its ladder are not worth making.

A cartoon or a recorded lecture takes hardly more bits in 1080 lines than in 720: the smaller rung then costs work and
disk and helps nobody. Rungs are compared as they would be made, at the same quality, with what they really take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from server.domain.plan import Group, Plan
from server.domain.rendition import VideoRendition
from server.domain.task import NewTask, Priority, TaskKind
from server.domain.timeline import Piece

# Trial pieces cost a fiftieth of a film of this length, at most.
SHORTEST = 300
_TRIAL_SECONDS = 2
_PLACES = (Fraction(1, 5), Fraction(1, 2), Fraction(4, 5))

# Bits per second of a rung against those of the next larger one from which it saves too little. The usual distance of
# two rungs is about a half.
_TOO_NEAR = Fraction(4, 5)


@dataclass(frozen=True, slots=True)
class Analysis:
    """Bits per second that the trial pieces took, by rendition, and which renditions are left out for it."""

    rates: dict[str, int]
    dropped: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return {"rates": self.rates, "dropped": list(self.dropped)}


def task(plan: Plan) -> NewTask | None:
    """Return the task of the analysis, or None for a film that is too short for it or has no rung to lose."""
    group = compared(plan)
    if group is None or plan.source.picture_duration < SHORTEST:
        return None
    names = [made.name for made in group]
    return NewTask(TaskKind.ANALYSIS, "analysis", Priority.TRIAL, essential=False, spec={"compared": names})


def compared(plan: Plan) -> Group | None:
    """Return the renditions among which some may be left out: those that share a decode."""
    return next((group for group in plan.groups if len(group) > 1 and isinstance(group[0], VideoRendition)), None)


def trials(plan: Plan) -> list[Piece]:
    """Return the trial pieces, two seconds each."""
    length = Fraction(_TRIAL_SECONDS)
    starts = [Fraction(int(plan.source.picture_duration * place)) for place in _PLACES]
    return [Piece(number, 0, 1, start, length, (start,), last=False) for number, start in enumerate(starts)]


def judge(group: Sequence[str], sizes: Mapping[str, int]) -> Analysis:
    """Decide from the bytes that all trial pieces of each rendition took; `group` is in order from small to large.

    The largest always stays, because it is what the film looks like.
    """
    seconds = _TRIAL_SECONDS * len(_PLACES)
    rates = {name: sizes[name] * 8 // seconds for name in group}
    *smaller, kept = group
    dropped = []
    for name in reversed(smaller):
        if rates[name] > rates[kept] * _TOO_NEAR:
            dropped.append(name)
        else:
            kept = name
    return Analysis(rates, tuple(dropped))
