"""Machines beside the appliance that may do its work."""

from __future__ import annotations

from typing import Any

SCHEMA = """
CREATE TABLE worker_hosts (
    name       text PRIMARY KEY,
    digest     bytea NOT NULL UNIQUE,       -- SHA-256 of its token; the token itself is stored nowhere
    created_at timestamptz NOT NULL DEFAULT now()
);
"""


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001  # the signature is peewee's
    """Add the table."""
    db.execute_sql(SCHEMA)
