"""Extras: what makes watching a film nicer. None of it is essential, so a film is never late or lost because of it."""

from __future__ import annotations

from dataclasses import dataclass

from server.domain import captions, posters
from server.domain.captions import CaptionTrack
from server.domain.source import Source
from server.domain.task import NewTask, Priority, TaskKind

CHAPTERS = "chapters.vtt"
STORYBOARD = "storyboard"
STORYBOARD_TRACK = "storyboard.vtt"
POSTERS = "posters"


@dataclass(frozen=True, slots=True)
class VideoExtras:
    """What there is of a film beside the film: candidates for its poster (best first), the chosen one, captions."""

    posters: tuple[int, ...] = ()
    chosen: int | None = None
    captions: tuple[CaptionTrack, ...] = ()
    storyboard: bool = False

    @property
    def poster(self) -> int | None:
        """The candidate that is the poster: the chosen one, else the best."""
        return self.chosen if self.chosen in self.posters else next(iter(self.posters), None)


def poster_name(choice: int) -> str:
    """Return the file name of a candidate for the poster."""
    return f"{choice}.jpg"


def at_once(source: Source) -> list[NewTask]:
    """Return the tasks of a film that has just been looked into: a poster soon, then captions, then the rest."""
    found = [_poster(choice) for choice in range(len(posters.PLACES) if source.video else 1)]
    if captions.embedded(source.texts):
        found.append(NewTask(TaskKind.CAPTIONS, "captions", Priority.CAPTIONS, cost=0.5, essential=False))
    if source.audio:
        found.append(NewTask(TaskKind.LOUDNESS, "loudness", Priority.EXTRA, essential=False))
    return found


def when_ready(source: Source) -> list[NewTask]:
    """Return the tasks that need every segment of the film."""
    if source.video is None:
        return []
    return [
        NewTask(TaskKind.STORYBOARD, "storyboard", Priority.EXTRA, essential=False),
        NewTask(TaskKind.IFRAMES, "iframes", Priority.EXTRA, essential=False),
    ]


def _poster(choice: int) -> NewTask:
    priority = Priority.POSTER if choice == 0 else Priority.EXTRA
    return NewTask(TaskKind.POSTER, f"poster:{choice}", priority, essential=False, spec={"choice": choice})
