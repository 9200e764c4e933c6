"""What makes watching nicer: candidates for the poster, captions, the storyboard, rates of I-frame playlists."""

from __future__ import annotations

from typing import Any

SCHEMA = """
ALTER TABLE videos
    ADD COLUMN poster smallint,                               -- the candidate that somebody chose
    ADD COLUMN has_storyboard boolean NOT NULL DEFAULT false;

CREATE TABLE posters (
    video_id text NOT NULL REFERENCES videos ON DELETE CASCADE,
    choice   smallint NOT NULL,             -- posters/<choice>.jpg
    score    real NOT NULL,                 -- how much the picture tells; the best is the poster if nobody chooses
    PRIMARY KEY (video_id, choice)
);

CREATE TABLE captions (
    video_id text NOT NULL REFERENCES videos ON DELETE CASCADE,
    name     text NOT NULL CHECK (name ~ '^[tu][1-9][0-9]{0,3}$'),  -- hls/<name>/; t came with the film, u was added
    language text,                          -- RFC 5646
    label    text NOT NULL,
    forced   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (video_id, name)
);

ALTER TABLE renditions
    ADD COLUMN iframe_peak integer,         -- bits per second of its I-frame playlist; NULL without one
    ADD COLUMN iframe_average integer;
"""


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001  # the signature is peewee's
    """Add tables and columns."""
    db.execute_sql(SCHEMA)
