"""Seats in front of the system: browser windows of the cast, with somebody watching each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request

from server.launcher.system import System
from tests import cast
from tests.cast import ALICE, Person

TIMEOUT_MS = 60_000
SESSION = "__Host-matinee"
WIDE = {"width": 1280, "height": 800}

# Chromium's word for a page that was left before its event stream was there.
_LEFT_EARLY = "WebSocket is closed before the connection is established"

# Every text that a progress line ever showed, in order; installed before the page's own scripts run.
_LISTEN = """
window.said = [];
new MutationObserver(() => {
  for (const line of document.querySelectorAll(".state-line"))
    if (!window.said.includes(line.textContent)) window.said.push(line.textContent);
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


@dataclass
class House:
    """Opens windows. `troubles` are console errors, script errors and requests that leave the system."""

    browser: Browser
    system: System
    sessions: dict[str, str]
    troubles: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    forgiven: tuple[str, ...] = ()  # parts of console messages that a test provokes on purpose
    _contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, path: str, person: Person | None = None, **looks: Any) -> Page:
        """Open a window of a person who is signed in (or of nobody) at a path of the site."""
        context = self.browser.new_context(
            base_url=self.system.address, ignore_https_errors=True, **{"viewport": WIDE, **looks}
        )
        self._contexts.append(context)
        context.set_default_timeout(TIMEOUT_MS)
        context.add_init_script(_LISTEN)
        context.on("console", self._note_console)
        context.on("weberror", lambda error: self.troubles.append(str(error.error)))
        context.on("request", self._note_request)
        if person is not None:
            self._bring_in(context, person)
        page = context.new_page()
        page.on("websocket", lambda socket: self._check_host(socket.url))
        page.goto(path)
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _bring_in(self, context: BrowserContext, person: Person) -> None:
        """Sign in as a person does, but only once per person: attempts are counted."""
        if person.name not in self.sessions:
            for known in (ALICE, person):  # without an administrator every door leads to the first run
                cast.introduce(self.system, known)
            page = context.new_page()
            sign_in(page, person)
            self.sessions[person.name] = next(
                cookie["value"] for cookie in context.cookies() if cookie["name"] == SESSION
            )
            page.close()
        else:
            value = self.sessions[person.name]
            context.add_cookies([{"name": SESSION, "value": value, "url": self.system.address}])

    def _note_console(self, message: ConsoleMessage) -> None:
        said = f"{message.type}: {message.text} ({message.location.get('url', '')})"
        forgiven = (*self.forgiven, _LEFT_EARLY)
        if message.type in ("error", "warning") and not any(part in said for part in forgiven):
            self.troubles.append(said)

    def _note_request(self, request: Request) -> None:
        self.requests.append(request)
        self._check_host(request.url)

    def _check_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != urlsplit(self.system.address).netloc:
            self.troubles.append(f"a request to another host: {url}")


def sign_in(page: Page, person: Person, password: str | None = None) -> None:
    """Fill in the form of the page /sign-in and send it."""
    page.goto("/sign-in")
    page.get_by_label("Name").fill(person.name)
    page.get_by_label("Password").fill(password or person.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def choose(page: Page, *files: str | Any) -> None:
    """Choose files on the page /upload, as the file dialog would."""
    page.locator("input[type=file]").set_input_files([str(file) for file in files])


def video_of(page: Page) -> str:
    """Wait until the first row of the uploads is a film, and return its id."""
    found = page.locator("video-progress[video-id]").first.get_attribute("video-id")
    assert found
    return found


def watch_now(page: Page) -> Locator:
    """The link that appears in the row of an upload as soon as its film can be watched."""
    return page.locator("video-progress").get_by_role("link", name="Watch now")


def current_time(page: Page) -> float:
    return float(page.evaluate("document.querySelector('hls-video').currentTime"))


def wait_time(page: Page, seconds: float) -> None:
    """Wait until the film on the page has played to `seconds`."""
    page.wait_for_function("seconds => document.querySelector('hls-video').currentTime > seconds", arg=seconds)
