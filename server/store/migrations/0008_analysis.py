"""What the trial pieces of a film told about its ladder."""

from __future__ import annotations

from typing import Any

SCHEMA = """
ALTER TABLE videos ADD COLUMN analysis jsonb;   -- bits per second by rendition, and which ones were left out for it
"""


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001  # the signature is peewee's
    """Add the column."""
    db.execute_sql(SCHEMA)
