"""What a remux gives: the largest rendition of a film becomes the film itself, if nobody has begun to encode it.

First the plan changes hands, in one transaction; only then is anything published. So no file of the copied rendition
ever lies where pieces of the encoded one may still come.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from server.domain import remux
from server.domain.handover import MadePiece
from server.domain.plan import Plan
from server.domain.rendition import Rendition, VideoRendition
from server.domain.task import Queue, Task, TaskKind
from server.errors import MatineeError
from server.queue.doorbell import ENOUGH, Doorbell
from server.services.preparation import Preparation
from server.services.videos import announce
from server.storage.layout import Layout
from server.storage.space import free_bytes, require
from server.store import renditions, tasks

_log = logging.getLogger(__name__)


class Remuxes:
    """Begins and settles remuxes. `reserve_bytes` of the disk stay free."""

    def __init__(self, preparation: Preparation, layout: Layout, reserve_bytes: int, doorbell: Doorbell) -> None:
        self._preparation = preparation
        self._layout = layout
        self._reserve = reserve_bytes
        self._doorbell = doorbell

    def begin(self, task: Task) -> Plan | None:
        """Return the plan of the film, and have the rungs in question wait; None if it is too late.

        Raises Superseded.
        """
        with self._preparation.holding(task):
            plan = self._preparation.planned(task)
            names = _names(plan)
            if not names or not tasks.are_untouched(task.video_id, names):
                tasks.finish(task.id, task.fence)
                return None
            tasks.put_off(task.video_id, names, remux.HOLD_SECONDS)
        return plan

    def require_room(self, plan: Plan) -> None:
        """Raise NoSpace unless the disk has room for the remuxed film and its segments."""
        require(2 * plan.source.size, free_bytes(self._layout.root), self._reserve, 0)

    def leave(self, task: Task, reason: MatineeError) -> None:
        """Settle that the film is encoded like any other. Raises Superseded."""
        _log.info("Video %s is encoded in all sizes: %s", task.video_id, reason)
        with self._preparation.holding(task):
            tasks.put_off(task.video_id, _names(self._preparation.planned(task)), 0)
            tasks.finish(task.id, task.fence)
        self._doorbell.ring(Queue.HEAVY, times=ENOUGH)

    def take_over(self, task: Task, made: VideoRendition) -> Task | None:
        """Change the plan: `task` makes the largest rendition, as `made`, and nobody else does; return that task.

        None if somebody has begun it: then everything stays as it is. Raises Superseded.
        """
        with self._preparation.holding(task):
            names = _names(self._preparation.planned(task))
            if not names or not tasks.regroup(task.video_id, names, names[:-1]):
                tasks.finish(task.id, task.fence)
                return None
            renditions.replace(task.video_id, made.name, made.to_dict())
            tasks.put_off(task.video_id, names[:-1], 0)
            # Its trial pieces would compare rungs that are not made together any more.
            tasks.drop_open(task.video_id, TaskKind.ANALYSIS)
            spec = {"renditions": [made.name], "piece": 0, "first": 0, "count": len(made.boundaries) - 1}
            tasks.entrust(task.id, spec)
            announce(task.video_id)
        self._doorbell.ring(Queue.HEAVY, times=ENOUGH)
        return replace(task, spec=spec)

    def published(self, task: Task, made: Rendition) -> Path:
        """Return the folder in which the segments of a rendition lie."""
        return self._layout.rendition(task.video_id, made.name)

    def publish(self, task: Task, folder: Path, codecs: str) -> None:
        """Publish the segments in `folder` as the work of a task that has taken over, and finish it.

        Raises Superseded, Conflict, Gone.
        """
        with self._preparation.holding(task):
            plan = self._preparation.planned(task)
            (made,) = plan.group(task.spec["renditions"])
            self._preparation.write_playlist(task.video_id, made, plan.timeline(made))
        self._preparation.publish(task, folder, [MadePiece(made.name, codecs, task.spec["count"])])


def _names(plan: Plan) -> list[str]:
    return [made.name for made in remux.group(plan)]
