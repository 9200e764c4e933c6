"""A place to put films made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workers.media.mp4.index import Index, open_index


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[bytes], Index]:
    """Write a film and open its index."""

    def write(data: bytes) -> Index:
        path = tmp_path / "film.mp4"
        path.write_bytes(data)
        return open_index(path)

    return write
