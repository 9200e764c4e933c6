"""Identifiers: short, random, safe in a URL and in a file name."""

from __future__ import annotations

import re
import secrets

# Base58: no 0/O and no I/l, so that an id can be read aloud and double-clicked.
ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH = 12
PATTERN = f"[{ALPHABET}]{{{LENGTH}}}"

_VALID = re.compile(PATTERN)


def new_id() -> str:
    """Return a fresh id: 12 base58 characters, about 70 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def is_id(text: str) -> bool:
    """Say whether `text` has the shape of an id; nothing else may become part of a path."""
    return _VALID.fullmatch(text) is not None
