from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from server.launcher.system import System
from tests import cast


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--mutants",
        choices=["some", "all"],
        default="some",
        help="look into all damaged clips, and encode `some` of them (default) or `all`",
    )


@pytest.fixture(scope="module")
def bob(system: System) -> Iterator[httpx.Client]:
    with cast.client(system, cast.BOB) as api:
        yield api


@pytest.fixture(scope="module")
def charlie(system: System) -> Iterator[httpx.Client]:
    with cast.client(system, cast.CHARLIE) as api:
        yield api
