"""Built assets: from a plain name to the address that carries its content's hash."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

from server.domain.words import duration, size, span
from server.errors import Unavailable

STATIC = Path(__file__).with_name("static")


def asset(name: str) -> str:
    """Return the address of the built asset `name`. Raises Unavailable before the build, KeyError if unknown."""
    return f"/static/{_built('manifest.json')[name]}"


def style_hashes() -> str:
    """Return the hashes of the style elements that the player's components make, for the content security policy."""
    return " ".join(_built("csp.json")["style-src"])


@cache
def _built(name: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((STATIC / name).read_text(encoding="utf-8"))
    except OSError as error:
        raise Unavailable("The pages' styles and scripts have not been built; run `make assets`.") from error
    return found


def init_app(app: Flask) -> None:
    """Offer `asset` and the filters to templates."""
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.filters.update(duration=duration, bytes=size, span=span)
