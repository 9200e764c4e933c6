"""An appliance that encodes nothing itself, and two machines that may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from server.launcher.configuration import LOOPBACK, as_toml
from server.launcher.system import System
from tests import cast
from tests.integration.remote.machine import APART, Machine, address, line, machine, pause_encoders

# Short leases, so that the work of a machine that vanished is taken up while a test waits.
SETTINGS = {
    "tasks": {"lease_seconds": 6, "heartbeat_seconds": 1, "sweep_seconds": 1},
    "media": {"encode_workers": 1},
}


@pytest.fixture(scope="session")
def namespaces() -> Iterator[list[str | None]]:
    """A network of its own for each of two machines, where we may make one."""
    with ExitStack() as stack:
        yield [stack.enter_context(line(number)) if APART else None for number in (1, 2)]


@pytest.fixture(scope="session")
def appliance(namespaces: list[str | None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A running system whose own encoder is paused."""
    system = System(tmp_path_factory.mktemp("appliance"), address(1) if namespaces[0] else LOOPBACK)
    system.home.root.mkdir(exist_ok=True)
    system.home.overrides.write_text(as_toml(SETTINGS), encoding="utf-8")
    with system:
        pause_encoders(system)
        yield system


@pytest.fixture(scope="session")
def machines(
    appliance: System, namespaces: list[str | None], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Machine]]:
    root = tmp_path_factory.mktemp("machines")
    with ExitStack() as stack:
        yield [
            stack.enter_context(machine(appliance, root / str(number), number, namespace))
            for number, namespace in enumerate(namespaces, 1)
        ]


@pytest.fixture(scope="session")
def bob(appliance: System) -> Iterator[httpx.Client]:
    with cast.client(appliance, cast.BOB) as api:
        yield api
