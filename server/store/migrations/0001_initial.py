"""People, uploads, videos, the tasks that make them playable, and the outbox of events."""

from __future__ import annotations

from typing import Any

SCHEMA = """
CREATE TABLE users (
    id            text PRIMARY KEY,
    name          text NOT NULL UNIQUE,
    role          text NOT NULL CHECK (role IN ('viewer', 'uploader', 'moderator', 'admin')),
    password_hash text,                     -- NULL: cannot sign in with a password (the local owner)
    quota_bytes   bigint,                   -- NULL: without limit
    created_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE api_tokens (
    id           text PRIMARY KEY,
    user_id      text NOT NULL REFERENCES users ON DELETE CASCADE,
    name         text NOT NULL,
    digest       bytea NOT NULL UNIQUE,     -- SHA-256; the token itself is stored nowhere
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz
);

CREATE TABLE first_run (
    single       boolean PRIMARY KEY DEFAULT true CHECK (single),
    digest       bytea NOT NULL,
    tries_left   int NOT NULL,
    expires_at   timestamptz NOT NULL
);

CREATE TABLE videos (
    id            text PRIMARY KEY,
    title         text NOT NULL,
    state         text NOT NULL CHECK (state IN ('checking', 'preparing', 'ready', 'failed')),
    owner_id      text NOT NULL REFERENCES users,
    filename      text NOT NULL,            -- as the uploader sent it; shown, never used as a path
    size          bigint NOT NULL,
    duration      double precision,
    width         int,
    height        int,
    source        jsonb,                    -- facts of the original, as probed
    has_poster    boolean NOT NULL DEFAULT false,
    error_code    text,
    error_message text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    planned_at    timestamptz,
    ready_at      timestamptz
);
CREATE INDEX videos_newest ON videos (created_at DESC, id DESC);
CREATE INDEX videos_owner ON videos (owner_id);

CREATE TABLE uploads (
    id         text PRIMARY KEY,
    owner_id   text NOT NULL REFERENCES users ON DELETE CASCADE,
    filename   text NOT NULL,
    size       bigint NOT NULL CHECK (size >= 0),
    state      text NOT NULL CHECK (state IN ('receiving', 'complete')),
    video_id   text REFERENCES videos ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX uploads_owner ON uploads (owner_id) WHERE state = 'receiving';
CREATE INDEX uploads_expiry ON uploads (expires_at);

CREATE TABLE renditions (
    video_id text NOT NULL REFERENCES videos ON DELETE CASCADE,
    name     text NOT NULL,
    place    int NOT NULL,                  -- order in the multivariant playlist
    spec     jsonb NOT NULL,
    codecs   text,                          -- RFC 6381; known once the first piece exists
    PRIMARY KEY (video_id, name)
);

CREATE TABLE tasks (
    id            bigserial PRIMARY KEY,
    video_id      text NOT NULL REFERENCES videos ON DELETE CASCADE,
    kind          text NOT NULL,
    key           text NOT NULL,
    queue         text NOT NULL,
    state         text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
    priority      int NOT NULL,
    cost          double precision NOT NULL,
    spec          jsonb NOT NULL,
    attempt       int NOT NULL DEFAULT 0,
    fence         bigint NOT NULL DEFAULT 0,
    not_before    timestamptz NOT NULL DEFAULT now(),
    lease_owner   text,
    lease_until   timestamptz,
    error_code    text,
    error_message text,
    created_at    timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    finished_at   timestamptz,
    UNIQUE (video_id, kind, key)
);
CREATE INDEX tasks_next ON tasks (queue, priority DESC, id) WHERE state = 'queued';
CREATE INDEX tasks_leases ON tasks (lease_until) WHERE state = 'running';

CREATE TABLE outbox (
    id           text PRIMARY KEY,
    serial       bigserial NOT NULL,        -- order of writing; commits may come in another order
    position     bigint UNIQUE,             -- place in the published order, given by the one relay
    type         text NOT NULL,
    subject      text NOT NULL,
    time         timestamptz NOT NULL DEFAULT now(),
    actor        text,
    data         jsonb NOT NULL,
    traceparent  text,
    published_at timestamptz
);
CREATE INDEX outbox_waiting ON outbox (serial) WHERE published_at IS NULL;
CREATE INDEX outbox_age ON outbox (published_at) WHERE published_at IS NOT NULL;
CREATE SEQUENCE outbox_position;

CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id text NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
"""


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001  # the signature is peewee's
    """Create everything."""
    db.execute_sql(SCHEMA)
