"""Fixtures for every test: one private system, started by the very launcher of `make run`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.launcher.system import System


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One running private system, shared by all tests that ask for it, stopped at the end."""
    with System(tmp_path_factory.mktemp("system")) as running:
        yield running
