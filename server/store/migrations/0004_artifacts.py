"""The manifest of every stored file, and the runs of the scrub that hold the disk to it."""

from __future__ import annotations

from typing import Any

SCHEMA = """
CREATE TABLE artifacts (
    video_id     text NOT NULL REFERENCES videos ON DELETE CASCADE,
    path         text NOT NULL,             -- within the folder of the video
    kind         text NOT NULL CHECK (kind IN ('original', 'init', 'segment', 'text', 'extra')),
    size         bigint NOT NULL,
    sha256       bytea,                     -- NULL: an original that nobody has read yet
    content      text,                      -- of a text, which is written again from here
    task_id      bigint REFERENCES tasks ON DELETE SET NULL,  -- which makes it again
    published_at timestamptz NOT NULL DEFAULT now(),
    checked_at   timestamptz,
    PRIMARY KEY (video_id, path)
);
CREATE INDEX artifacts_next ON artifacts (checked_at NULLS FIRST);
CREATE INDEX artifacts_task ON artifacts (task_id);

CREATE TABLE scrubs (
    id          bigserial PRIMARY KEY,
    video_id    text REFERENCES videos ON DELETE CASCADE,     -- NULL: the whole library
    asked_by    text REFERENCES users ON DELETE SET NULL,     -- NULL: its time had come
    asked_at    timestamptz NOT NULL DEFAULT now(),
    started_at  timestamptz,
    finished_at timestamptz,
    files       bigint NOT NULL DEFAULT 0,  -- read
    bytes       bigint NOT NULL DEFAULT 0,
    missing     bigint NOT NULL DEFAULT 0,
    rotten      bigint NOT NULL DEFAULT 0,
    remade      bigint NOT NULL DEFAULT 0,  -- of these: made or written again
    unknown     bigint NOT NULL DEFAULT 0,  -- moved to the quarantine
    trouble     text                        -- why it was given up
);
CREATE UNIQUE INDEX scrubs_open ON scrubs (coalesce(video_id, '')) WHERE finished_at IS NULL;
"""


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001  # the signature is peewee's
    """Add both tables."""
    db.execute_sql(SCHEMA)
