"""The quarantine: files that belong to nothing, or are not what they were, kept for a while and never read again.

    {media}/quarantine/<date>/<where it was, below the media folder>

A move is a rename on the same file system: nothing is copied, and what is moved may be a link or a device as well.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from server.storage.layout import Layout


def today() -> date:
    """Return the date, in UTC."""
    return datetime.now(UTC).date()


class Quarantine:
    """Everything below the quarantine folder; `day` tells the date."""

    def __init__(self, layout: Layout, day: Callable[[], date] = today) -> None:
        self._layout = layout
        self._day = day

    def take(self, path: Path) -> Path | None:
        """Move a file or folder of the media folder here and return where it is now; None if it is gone.

        Raises ValueError for a path outside the media folder.
        """
        place = self._layout.quarantine / self._day().isoformat() / path.relative_to(self._layout.root)
        place.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        if os.path.lexists(place):
            place = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
        try:
            path.rename(place)
        except FileNotFoundError:
            return None
        return place

    def expire(self, days: int) -> list[str]:
        """Delete what has been here for more than `days` days; return the dates."""
        limit = self._day() - timedelta(days=days)
        expired = sorted(name for name, moved in self._days().items() if moved < limit)
        for name in expired:
            shutil.rmtree(self._layout.quarantine / name)
        return expired

    def _days(self) -> dict[str, date]:
        found: dict[str, date] = {}
        if self._layout.quarantine.is_dir():
            for folder in self._layout.quarantine.iterdir():
                with suppress(ValueError):  # not ours
                    found[folder.name] = date.fromisoformat(folder.name)
        return found
