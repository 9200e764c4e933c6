"""Machines beside the appliance that may do its work, each known by the digest of its token; and what they hold."""

from __future__ import annotations

from server.domain.task import Task, TaskKind
from server.store.database import changed, rows

_TASK = "id, kind, video_id, key, attempt, fence, spec, lease_until"


def put(name: str, digest: bytes) -> None:
    """Add a machine, or give one that is known another token."""
    changed(
        "INSERT INTO worker_hosts (name, digest) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET digest = %s",
        name,
        digest,
        digest,
    )


def drop(name: str) -> bool:
    """Forget a machine; False if it is not known."""
    return changed("DELETE FROM worker_hosts WHERE name = %s", name) == 1


def by_token(digest: bytes) -> str | None:
    """Return the name of the machine whose token has the SHA-256 `digest`, or None."""
    found = rows("SELECT name FROM worker_hosts WHERE digest = %s", digest)
    return str(found[0]["name"]) if found else None


def held_by(owner: str) -> list[Task]:
    """Return the tasks that run under the lease of `owner`."""
    found = rows(f"SELECT {_TASK} FROM tasks WHERE lease_owner = %s AND state = 'running' ORDER BY id", owner)
    return [Task(**{**row, "kind": TaskKind(row["kind"])}) for row in found]


def held(task_id: int, fence: int, host: str) -> Task | None:
    """Return the task if `fence` owns it and a process of `host` holds its lease (`<process>@<host>`), else None."""
    found = rows(
        f"SELECT {_TASK} FROM tasks WHERE id = %s AND fence = %s AND state = 'running' "
        "AND split_part(lease_owner, '@', 2) = %s",
        task_id,
        fence,
        host,
    )
    return Task(**{**found[0], "kind": TaskKind(found[0]["kind"])}) if found else None
