"""People of the appliance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from server.domain.permission import Role
from server.errors import Invalid

MIN_PASSWORD = 10
MAX_PASSWORD = 256

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class User:
    """A person, or the local owner who works on the machine itself. `quota_bytes` None means without limit."""

    id: str
    name: str
    role: Role
    quota_bytes: int | None
    created_at: datetime


def check_name(name: str) -> str:
    """Return the account name in its stored form. Raises Invalid."""
    folded = name.strip().lower()
    if _NAME.fullmatch(folded) is None:
        raise Invalid(
            "That name cannot be used: take 1 to 32 letters, digits, dots, dashes or underscores, "
            "beginning and ending with a letter or digit.",
            code="invalid.name",
        )
    return folded


def check_password(password: str) -> str:
    """Return the password unchanged if it may be used (length only, NIST SP 800-63B). Raises Invalid."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise Invalid(
            f"That password cannot be used: take {MIN_PASSWORD} to {MAX_PASSWORD} characters. "
            "A few words in a row are easy to remember and hard to guess.",
            code="invalid.password",
        )
    return password
