"""Tickets and tokens: small secrets that travel."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from server.keystore import tickets, tokens

KEY = b"0123456789abcdef"


def test_a_ticket_is_good_up_to_its_last_second() -> None:
    ticket = tickets.sign(KEY, 1_000)
    assert tickets.verify(KEY, ticket, 1_000)
    assert not tickets.verify(KEY, ticket, 1_001)


@pytest.mark.parametrize("change", ["", "x", ".1000", "a.b.1000", "a.\u0661\u0660\u0660\u0660", "a." + "9" * 5000])
def test_what_was_not_signed_is_refused(change: str) -> None:
    assert not tickets.verify(KEY, change, 0)


def test_another_key_or_another_expiry_is_refused() -> None:
    ticket = tickets.sign(KEY, 1_000)
    assert not tickets.verify(b"another", ticket, 0)
    assert not tickets.verify(KEY, ticket.replace("1000", "2000"), 0)


def test_the_key_is_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "state/tickets"
    key = tickets.ensure_key(path)
    assert tickets.ensure_key(path) == key
    assert len(bytes.fromhex(key.decode())) == 32
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_token_carries_256_random_bits_and_is_recognisable() -> None:
    made = {tokens.new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(token.startswith("mt_") and len(token) == 3 + 43 for token in made)


def test_a_token_is_stored_as_its_sha_256() -> None:
    assert tokens.digest("mt_x") == hashlib.sha256(b"mt_x").digest()
