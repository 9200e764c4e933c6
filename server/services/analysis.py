"""Settle what the trial pieces of a film told: rungs that are not worth making are taken out of its plan."""

from __future__ import annotations

from collections.abc import Mapping

from server.domain import analysis
from server.domain.task import Task
from server.services.preparation import Preparation
from server.services.videos import announce
from server.storage.library import Library
from server.store import artifacts, renditions, tasks, videos


class Analyses:
    """Takes in the sizes of trial pieces."""

    def __init__(self, preparation: Preparation, library: Library) -> None:
        self._preparation = preparation
        self._library = library

    def settle(self, task: Task, sizes: Mapping[str, int]) -> None:
        """Record what was found, and leave out what is not worth its work, unless somebody has begun to make it.

        `sizes` are the bytes of all trial pieces by rendition. Raises Superseded.
        """
        compared: list[str] = task.spec["compared"]
        found = analysis.judge(compared, sizes)
        kept = [name for name in compared if name not in found.dropped]
        with self._preparation.holding(task):
            if found.dropped and not tasks.regroup(task.video_id, compared, kept):
                found = analysis.Analysis(found.rates, ())
            videos.note_analysis(task.video_id, found.to_dict())
            for name in found.dropped:
                renditions.drop(task.video_id, name)
                artifacts.withdraw(task.video_id, name)
                self._library.remove_rendition(task.video_id, name)
            tasks.finish(task.id, task.fence)
            announce(task.video_id)
