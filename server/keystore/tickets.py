"""Tickets, the right to play, in their first form: checked by nginx's `secure_link` alone.

A ticket is `<hash>.<expiry>` with hash = base64url(MD5("<expiry> media <key>")) without padding, as
nginx/snippets/tickets.conf.j2 has it. One ticket covers everything that members may see; why that and why MD5 is
tolerable for now, and what replaces them: docs/decisions/0007-tickets-first-form.md.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

from server.keystore import files

COOKIE = "matinee-ticket"
SCOPE = b"media"
SECONDS = 4 * 3600  # a film and a break; the player's page renews it


def sign(key: bytes, expires: int) -> str:
    """Return the ticket that is good until `expires` (seconds since 1970, that second included)."""
    signed = b"%d %s %s" % (expires, SCOPE, key)
    digest = hashlib.md5(signed).digest()  # noqa: S324  # all that nginx can check by configuration; see the decision
    return f"{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}.{expires}"


def verify(key: bytes, ticket: str, now: int) -> bool:
    """Say whether `ticket` was signed with `key` and is still good at `now`, as nginx would."""
    _, _, expires = ticket.partition(".")
    if not (expires.isascii() and expires.isdecimal() and len(expires) <= 12):
        return False
    return hmac.compare_digest(sign(key, int(expires)), ticket) and now <= int(expires)


def ensure_key(path: Path) -> bytes:
    """Return the signing key kept in `path`, made now if there is none: 64 hexadecimal digits, mode 0600.

    Hexadecimal, because the key also stands as `ticket_key` in nginx's configuration.
    """
    with files.locked(path.parent):
        if not path.exists():
            files.write(path, secrets.token_hex(32).encode(), files.SECRET)
        return path.read_bytes().strip()  # as the launcher reads it: an editor may have added a line end
