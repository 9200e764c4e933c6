"""`python -m server.cli` is `matinee`."""

from __future__ import annotations

from server.cli.main import matinee

matinee()
