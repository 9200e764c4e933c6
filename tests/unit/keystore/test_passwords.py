"""Passwords under Argon2id."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from server.keystore import passwords


@pytest.fixture(scope="module")
def stored() -> str:
    return passwords.hash_password("correct horse")


def test_the_right_password_fits_and_a_wrong_one_does_not(stored: str) -> None:
    assert passwords.verify_password(stored, "correct horse")
    assert not passwords.verify_password(stored, "correct horsf")
    assert not passwords.verify_password(stored, "")


def test_the_stored_string_names_its_parameters(stored: str) -> None:
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert not passwords.needs_rehash(stored)


def test_the_same_password_is_never_stored_alike(stored: str) -> None:
    assert passwords.hash_password("correct horse") != stored


def test_the_same_letters_typed_on_another_system_are_the_same_password() -> None:
    assert passwords.verify_password(passwords.hash_password("caf\u00e9"), "cafe\u0301")


@pytest.mark.parametrize(
    "phc",
    [
        "",
        "plain",
        "$2b$12$KIXxPfR1Yz3kq5w9n1nE6u",
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
        "$argon2id$v=19$m=9999999,t=3,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA",
        "$argon2id$v=19$m=65536,t=3,p=1$c$a",
    ],
)
def test_a_damaged_or_hostile_string_fits_nothing(phc: str) -> None:
    assert not passwords.verify_password(phc, "correct horse")


def test_older_parameters_are_due_for_a_new_hash(stored: str) -> None:
    assert passwords.needs_rehash(stored.replace("t=3", "t=2"))
    assert passwords.needs_rehash(stored.replace("m=65536", "m=19456"))
    assert passwords.needs_rehash("plain")


def test_a_person_who_does_not_exist_costs_a_derivation_too() -> None:
    entered = 0

    @contextmanager
    def gate() -> Iterator[None]:
        nonlocal entered
        entered += 1
        yield

    assert not passwords.verify_password(None, "correct horse", gate())
    assert entered == 1


def test_a_flood_is_derived_two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also guards against OpenSSL's thread pool, in which concurrent derivations with several lanes never end."""
    lock, inside, most = threading.Lock(), 0, 0

    class Counted:
        def __init__(self, **parameters: Any) -> None:
            self._real = Argon2id(**parameters)

        def derive_phc_encoded(self, password: bytes) -> str:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            try:
                return self._real.derive_phc_encoded(password)
            finally:
                with lock:
                    inside -= 1

    monkeypatch.setattr(passwords, "Argon2id", Counted)
    with ThreadPoolExecutor(6) as pool:
        stored = list(pool.map(passwords.hash_password, ["x"] * 6))
    assert len(set(stored)) == 6
    assert most <= passwords.CONCURRENT
