from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.launcher.system import System


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of the module's own, which its tests may kill, stop and start as they like."""
    with System(tmp_path_factory.mktemp("private")) as running:
        yield running
