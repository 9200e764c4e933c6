"""The scrub: reads everything that is stored, slowly, and holds the disk to the manifest.

What it does is cut into short units, so that whoever drives it may stop between two of them. A run needs no place of
its own to remember how far it is: it looks at whatever was not checked since it began.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server import settings
from server.domain import ids, permission
from server.domain.artifact import Artifact, Damage, Remedy
from server.domain.permission import Action
from server.domain.user import User
from server.errors import NotFound
from server.services.repair import Repair
from server.services.strays import Strays
from server.storage import census
from server.storage.layout import Layout
from server.storage.reading import Content, Reader, Unreadable
from server.store import artifacts, scrubs, videos
from server.store.artifacts import Record
from server.store.database import transaction
from server.store.scrubs import Run

UNIT_FILES = 32
SHOWN = 10

NOT_THERE = "No film's folder is on the disk. Is the media volume mounted? Nothing was judged."


class Scrub:
    """One run at a time, over the whole library or over one video."""

    def __init__(self, chosen: settings.Scrub, layout: Layout, repair: Repair, strays: Strays) -> None:
        self._settings = chosen
        self._layout = layout
        self._repair = repair
        self._strays = strays

    def ask(self, user: User, video_id: str | None = None) -> dict[str, Any]:
        """Have the whole library or one video checked next, and return that run. Raises Forbidden, NotFound."""
        permission.require(user.role, Action.SCRUB)
        with transaction():
            if video_id is not None and not (ids.is_id(video_id) and videos.known([video_id])):
                raise NotFound("There is no such video. It may have been removed; the library shows what there is.")
            return _as_json(scrubs.ask(video_id, user.id))

    def report(self, user: User) -> dict[str, Any]:
        """Return what the manifest holds and the last runs, newest first. Raises Forbidden."""
        permission.require(user.role, Action.SCRUB)
        with transaction():
            return {"stored": _as_json(artifacts.totals()), "runs": [_as_json(run) for run in scrubs.newest(SHOWN)]}

    def work(self, pause: Callable[[float], None]) -> bool:
        """Do one unit of work; False if there is nothing to do now. `pause` waits, and may raise to end it all."""
        reader = Reader(self._settings.bytes_per_second, pause)
        with transaction():
            scrubs.ask_when_due(self._settings.every_days)
            run = scrubs.next_run()
            due = artifacts.unread(1)
            if run is not None and not due:
                due = artifacts.unchecked_since(run.started_at, UNIT_FILES, run.video_id)
        there = not due or self._library_is_there()
        if there:
            for record in due:
                self._check(reader, record, run)
        if run is not None and not (due and there):
            self._finish(reader, run, None if there else NOT_THERE)
        return run is not None or bool(due and there)

    def _check(self, reader: Reader, record: Record, run: Run | None) -> None:
        """Read one file, as part of a run or as an original for the first time."""
        if not self._layout.video(record.video_id).is_dir():
            self._repair.give_up(record.video_id)
            return
        found = _content(reader, self._layout, record)
        if isinstance(found, Content) and _is_as_published(found, record.artifact):
            with transaction():
                if artifacts.mark_checked(record, found.sha256):
                    self._repair.sound(record)
                    self._count(run, files=1, bytes=found.size)
            return
        damage = found if isinstance(found, Damage) else Damage.ROTTEN
        remedy = self._repair.mend(record, damage)
        if remedy is not None:
            with transaction():
                self._count(run, files=1, remade=int(remedy is not Remedy.NONE), **{damage.value: 1})

    def _count(self, run: Run | None, **found: int) -> None:
        if run is not None:
            scrubs.count(run.id, **found)

    def _library_is_there(self) -> bool:
        """Say whether any film's folder is there: if none is, it is the volume that is missing, and not the films."""
        with transaction():
            known = artifacts.videos()
        return not known or not set(known).isdisjoint(census.video_folders(self._layout))

    def _finish(self, reader: Reader, run: Run, trouble: str | None) -> None:
        if trouble is None:
            unknown = self._strays.set_aside(reader, run.video_id)
            with transaction():
                scrubs.count(run.id, unknown=unknown)
        with transaction():
            scrubs.finish(run.id, trouble)


def _content(reader: Reader, layout: Layout, record: Record) -> Content | Damage:
    try:
        return reader.read(layout.video(record.video_id), record.artifact.path) or Damage.MISSING
    except Unreadable:
        return Damage.ROTTEN


def _is_as_published(found: Content, published: Artifact) -> bool:
    """Compare with what was published; an original has its first hash from here."""
    return found.size == published.size and published.sha256 in (None, found.sha256)


def _as_json(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
