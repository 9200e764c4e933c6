"""API tokens: 256 random bits that are shown once and kept only as their digest."""

from __future__ import annotations

import hashlib
import secrets

PREFIX = "mt_"


def new_token() -> str:
    """Return a fresh token. The prefix lets people and secret scanners recognise it."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """Return the 32 bytes under which a token is stored and looked up.

    A plain SHA-256 is enough because the token cannot be guessed (OWASP ASVS 5.0, 6.5.2).
    """
    return hashlib.sha256(token.encode()).digest()
