from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from server.launcher.configuration import as_toml
from server.launcher.system import System
from tests import cast

# Short leases, so that what only a lease can heal is healed while a test waits.
SETTINGS = {"tasks": {"lease_seconds": 10, "heartbeat_seconds": 2, "sweep_seconds": 1}}


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system of the module's own, whose parts its tests may kill."""
    system = System(tmp_path_factory.mktemp("faults"))
    system.home.root.mkdir(exist_ok=True)
    system.home.overrides.write_text(as_toml(SETTINGS), encoding="utf-8")
    with system:
        yield system


@pytest.fixture(scope="module")
def bob(private: System) -> Iterator[httpx.Client]:
    with cast.client(private, cast.BOB) as api:
        yield api
