"""Tasks that make several renditions at once, that may be missing, and that know their place in the film."""

from __future__ import annotations

from typing import Any

SCHEMA = """
ALTER TABLE tasks
    ADD COLUMN essential boolean NOT NULL DEFAULT true,       -- the film is not ready without it
    ADD COLUMN start double precision NOT NULL DEFAULT 0;     -- second of the film where its result begins
UPDATE tasks SET essential = false WHERE kind = 'poster';
UPDATE tasks SET spec = spec - 'rendition' || jsonb_build_object('renditions', jsonb_build_array(spec->'rendition'))
    WHERE spec ? 'rendition';
"""


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001  # the signature is peewee's
    """Add the columns."""
    db.execute_sql(SCHEMA)
