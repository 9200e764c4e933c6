"""The API as the command line uses it: over HTTPS, trusting the appliance's own authority, with the owner's token."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Any

import httpx

from server import settings
from server.errors import Invalid, MatineeError, Unavailable

TIMEOUT_SECONDS = 60.0

# Beside a clone, `make run` keeps its private system; an installed command finds nothing there and looks in /etc.
PRIVATE_SYSTEM = Path(__file__).resolve().parents[2] / ".matinee" / "matinee.toml"


class Refused(MatineeError):
    """The appliance answered with a problem; its words and its code are passed on."""

    code = "refused"


def local_settings() -> settings.Settings:
    """Return the settings of the appliance on this machine. Raises Invalid where there is none."""
    chosen = os.environ.get(settings.ENVIRONMENT_NAME) is None and PRIVATE_SYSTEM.exists()
    return settings.load(PRIVATE_SYSTEM if chosen else None)


def connect() -> httpx.Client:
    """Return a client for the appliance on this machine. Raises Invalid if it was never started here."""
    loaded = local_settings()
    state = loaded.paths.state
    try:
        token = (state / "owner.token").read_text(encoding="utf-8").strip()
        trusted = ssl.create_default_context(cafile=str(state / "tls" / "ca.crt"))
    except OSError as error:
        raise Invalid(
            f"The token of this machine's owner cannot be read ({error.strerror}: {error.filename}). "
            "Start Matinee first, and ask as the person who started it.",
            code="invalid.owner",
        ) from error
    return httpx.Client(
        base_url=loaded.web.address,
        headers={"Authorization": f"Bearer {token}"},
        verify=trusted,
        timeout=TIMEOUT_SECONDS,
    )


def answer(response: httpx.Response) -> httpx.Response:
    """Return a good response as it is. Raises Refused or Unavailable with the appliance's own words."""
    if response.is_success:
        return response
    try:
        problem: dict[str, Any] = response.json()
        detail, code = str(problem["detail"]), str(problem["code"])
    except (ValueError, KeyError):
        detail, code = f"Matinee answered with status {response.status_code}.", f"http.{response.status_code}"
    if response.status_code in (502, 503, 504):
        raise Unavailable(detail)
    raise Refused(detail, code=code)
