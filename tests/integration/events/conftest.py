from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.container import Container
from server.launcher.system import System
from tests.integration.events.hub import Hub


@pytest.fixture
def hub(system: System) -> Iterator[Hub]:
    """The event hub of the running system, and a video that only this test speaks of."""
    container = Container(system.settings)
    yield Hub(system, container)
    container.close()
