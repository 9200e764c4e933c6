"""Room on the media volume: work that waited for it goes on as soon as there is some."""

from __future__ import annotations

import logging

from server.errors import NoSpace
from server.storage.layout import Layout
from server.storage.space import free_bytes, require_files
from server.store import tasks
from server.store.database import transaction

_log = logging.getLogger(__name__)


class Room:
    """Looks whether the reserve is untouched again."""

    def __init__(self, layout: Layout, reserve_bytes: int) -> None:
        self._layout = layout
        self._reserve = reserve_bytes

    def tell(self) -> int:
        """Let tasks that wait for room start now if there is any; return how many."""
        try:
            require_files(self._layout.root)
        except NoSpace:
            return 0
        if free_bytes(self._layout.root) <= self._reserve:
            return 0
        with transaction():
            woken = tasks.hasten("no-space")
        if woken:
            _log.info("There is room again: %d task(s) go on.", woken)
        return woken
