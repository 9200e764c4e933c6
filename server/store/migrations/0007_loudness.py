"""How loud each sound of a film is."""

from __future__ import annotations

from typing import Any


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001  # the signature is peewee's
    """Add the column."""
    db.execute_sql("ALTER TABLE renditions ADD COLUMN loudness jsonb")  # NULL: not measured
