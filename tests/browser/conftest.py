"""A real browser in front of the real system. Every page is watched: nothing may go wrong behind a test's back."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from server.launcher.system import System
from server.store.database import changed, rows
from tests import cast
from tests.browser.house import TIMEOUT_MS, House

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def bob(system: System) -> Iterator[httpx.Client]:
    """Bob's own program, to look behind the pages."""
    with cast.client(system, cast.BOB) as api:
        yield api


@pytest.fixture(scope="session")
def sessions() -> dict[str, str]:
    """The session cookies of people who have signed in before, by name."""
    return {}


@pytest.fixture
def house(system: System, browser: Browser, sessions: dict[str, str]) -> Iterator[House]:
    """Opens pages, and at the end of the test says what went wrong on any of them."""
    opened = House(browser, system, sessions)
    yield opened
    opened.close()
    assert opened.troubles == []


@pytest.fixture
def nobody_yet(system: System) -> Iterator[None]:
    """The system as it was before its first administrator: the other tests' administrators wait outside."""
    with cast.records(system):
        known = rows("SELECT id, name, password_hash FROM users WHERE password_hash IS NOT NULL AND role = 'admin'")
        for each in known:
            changed("UPDATE users SET name = %s, password_hash = NULL WHERE id = %s", each["id"].lower(), each["id"])
    yield
    with cast.records(system):
        changed("DELETE FROM users WHERE password_hash IS NOT NULL AND role = 'admin'")
        for each in known:
            changed(
                "UPDATE users SET name = %s, password_hash = %s WHERE id = %s", *list(each.values())[1:], each["id"]
            )
