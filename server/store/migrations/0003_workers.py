"""The register of workers, and what is needed to share them fairly: whose a task is, who did it, how far it is."""

from __future__ import annotations

from typing import Any

SCHEMA = """
CREATE TABLE workers (
    name       text PRIMARY KEY,            -- also the owner of its leases
    host       text NOT NULL,
    queue      text NOT NULL,
    pid        int NOT NULL,
    version    text NOT NULL,
    state      text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'draining')),
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE tasks
    ADD COLUMN owner_id text REFERENCES users,   -- whose film it is, so that work is shared out between people
    ADD COLUMN worker text,                      -- who claimed it last; stays when the lease is over
    ADD COLUMN progress double precision;        -- 0 to 1, of the running attempt; NULL: it has not said anything yet
UPDATE tasks SET owner_id = videos.owner_id FROM videos WHERE videos.id = tasks.video_id;
ALTER TABLE tasks ALTER COLUMN owner_id SET NOT NULL;

DROP INDEX tasks_next;
CREATE INDEX tasks_next ON tasks (queue, owner_id, priority DESC, start, id) WHERE state = 'queued';
CREATE INDEX tasks_running ON tasks (queue, owner_id) WHERE state = 'running';
CREATE INDEX tasks_served ON tasks (queue, owner_id, started_at);
CREATE INDEX tasks_open ON tasks (video_id, queue, priority DESC, start, id) WHERE state IN ('queued', 'running');
CREATE INDEX tasks_finished ON tasks (queue, finished_at) WHERE state = 'done';
CREATE INDEX tasks_failed ON tasks (id) WHERE state = 'failed';
"""


def up(migrator: Any, db: Any) -> None:  # noqa: ARG001  # the signature is peewee's
    """Add the table, the columns, and the indexes that claims and lists need."""
    db.execute_sql(SCHEMA)
