"""People, their API tokens, and the one-time code of the first run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from server.domain.permission import Role
from server.domain.user import User
from server.store.database import changed, rows

_COLUMNS = "users.id, users.name, users.role, users.quota_bytes, users.created_at"


def create(user_id: str, name: str, role: Role, password_hash: str | None) -> bool:
    """Add a person; False if the name is taken."""
    return (
        changed(
            "INSERT INTO users (id, name, role, password_hash) VALUES (%s, %s, %s, %s) ON CONFLICT (name) DO NOTHING",
            user_id,
            name,
            role,
            password_hash,
        )
        == 1
    )


def get(user_id: str) -> User | None:
    """Return the person, or None."""
    return _first(rows(f"SELECT {_COLUMNS} FROM users WHERE id = %s", user_id))


def by_name(name: str) -> User | None:
    """Return the person of that account name, or None."""
    return _first(rows(f"SELECT {_COLUMNS} FROM users WHERE name = %s", name))


def by_token(digest: bytes) -> User | None:
    """Return whose unexpired API token has the SHA-256 `digest`, or None."""
    return _first(
        rows(
            f"SELECT {_COLUMNS} FROM users JOIN api_tokens ON api_tokens.user_id = users.id "
            "WHERE api_tokens.digest = %s AND (api_tokens.expires_at IS NULL OR api_tokens.expires_at > now())",
            digest,
        )
    )


def password_hash(user_id: str) -> str | None:
    """Return the PHC string of the person's password, or None where there is none."""
    found = rows("SELECT password_hash FROM users WHERE id = %s", user_id)
    return found[0]["password_hash"] if found else None


def set_password_hash(user_id: str, phc: str) -> None:
    """Replace the PHC string of the person's password."""
    changed("UPDATE users SET password_hash = %s WHERE id = %s", phc, user_id)


def add_token(token_id: str, user_id: str, name: str, digest: bytes, expires_at: datetime | None) -> None:
    """Add an API token by its SHA-256 digest."""
    changed(
        "INSERT INTO api_tokens (id, user_id, name, digest, expires_at) VALUES (%s, %s, %s, %s, %s)",
        token_id,
        user_id,
        name,
        digest,
        expires_at,
    )


def drop_tokens(user_id: str, name: str) -> None:
    """Remove the person's API tokens of that name."""
    changed("DELETE FROM api_tokens WHERE user_id = %s AND name = %s", user_id, name)


def has_administrator() -> bool:
    """Say whether somebody can sign in as administrator; until then the first run is open."""
    return bool(rows("SELECT 1 FROM users WHERE role = 'admin' AND password_hash IS NOT NULL LIMIT 1"))


def set_first_run_code(digest: bytes, tries: int, seconds: int) -> None:
    """Put a new one-time code in place of any former one."""
    changed(
        "INSERT INTO first_run (digest, tries_left, expires_at) VALUES (%s, %s, now() + make_interval(secs => %s)) "
        "ON CONFLICT (single) DO UPDATE SET digest = excluded.digest, tries_left = excluded.tries_left, "
        "expires_at = excluded.expires_at",
        digest,
        tries,
        seconds,
    )


def use_first_run_try() -> bytes | None:
    """Spend one try and return the digest to compare with, or None if there is no code, no try left, or it expired."""
    found = rows(
        "UPDATE first_run SET tries_left = tries_left - 1 WHERE tries_left > 0 AND expires_at > now() RETURNING digest"
    )
    return bytes(found[0]["digest"]) if found else None


def close_first_run(digest: bytes) -> bool:
    """Take the one-time code away; False if somebody else was faster."""
    return changed("DELETE FROM first_run WHERE digest = %s", digest) == 1


def _first(found: list[dict[str, Any]]) -> User | None:
    return User(**{**found[0], "role": Role(found[0]["role"])}) if found else None
