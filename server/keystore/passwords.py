"""Passwords under Argon2id: 64 MiB and three passes (RFC 9106, second recommended option) in one lane.

One lane, not RFC 9106's four: with several, OpenSSL hands each derivation to a thread pool of the whole process, and
two at once wait for each other for ever (seen with cryptography 50 and OpenSSL 4.0). The memory, which is what an
attacker pays for, is the same.

A derivation takes about a quarter of a second of one core and holds 64 MiB, so at most `CONCURRENT` run at once in a
process; further callers wait. The functions are plain and block: under gevent they stop the hub of their process, so
call them in its native thread pool (the derivation itself releases the interpreter's lock).
"""

from __future__ import annotations

import os
import re
import threading
import unicodedata
from contextlib import AbstractContextManager

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

MEMORY_KIB = 64 * 1024
ITERATIONS = 3
LANES = 1
SALT_BYTES = 16
HASH_BYTES = 32

CONCURRENT = 2
MEMORY_KIB_CEILING = 1024 * 1024  # a stored string that asks for more could only be an attack

_GATE = threading.BoundedSemaphore(CONCURRENT)
_PHC = re.compile(r"\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=1\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+", re.ASCII)


def hash_password(password: str, gate: AbstractContextManager[object] = _GATE) -> str:
    """Return the PHC string to store: parameters, fresh salt and hash. `gate` bounds concurrent derivations."""
    derivation = Argon2id(
        salt=os.urandom(SALT_BYTES), length=HASH_BYTES, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB
    )
    with gate:
        return derivation.derive_phc_encoded(_bytes(password))


def verify_password(phc: str | None, password: str, gate: AbstractContextManager[object] = _GATE) -> bool:
    """Say whether `password` is the one that `phc` was made from; a damaged `phc` fits none.

    None stands for a person who does not exist: it takes the same time and is never right, so that the time of an
    answer does not tell who has an account.
    """
    if phc is None:
        hash_password(password, gate)
        return False
    parameters = _PHC.fullmatch(phc)
    if parameters is None or int(parameters[1]) > MEMORY_KIB_CEILING:
        return False
    try:
        with gate:
            Argon2id.verify_phc_encoded(_bytes(password), phc)
    except (InvalidKey, ValueError):
        return False
    return True


def needs_rehash(phc: str) -> bool:
    """Say whether `phc` was made with other parameters than today's; if so, hash again at the next good sign-in."""
    parameters = _PHC.fullmatch(phc)
    return parameters is None or (int(parameters[1]), int(parameters[2])) != (MEMORY_KIB, ITERATIONS)


def _bytes(password: str) -> bytes:
    """Encode as NFKC, so that the same letters typed on another system are the same password (NIST SP 800-63B)."""
    return unicodedata.normalize("NFKC", password).encode()
