"""People: first run, sign-in, API tokens."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server.domain.ids import new_id
from server.domain.permission import Role
from server.domain.user import User, check_name, check_password
from server.errors import Conflict, Forbidden, Invalid, Unauthenticated
from server.keystore import files, passwords, tokens
from server.store import users
from server.store.database import transaction

OWNER = "owner"
OWNER_TOKEN_NAME = "local owner"  # noqa: S105  # a label, not a secret

CODE_SECONDS = 24 * 3600
CODE_TRIES = 10

# Without 0/O, 1/I/L: the code is read from one screen and typed on another.
_CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_GROUPS = 3
_CODE_GROUP = 4


def at_once(derive: Callable[[], Any]) -> Any:
    """Run a password derivation here and now: right wherever nothing else waits for this thread."""
    return derive()


class Accounts:
    """Who people are, and how they prove it.

    A password derivation takes a quarter of a second of pure computing; `off_loop` says where to run it, so that an
    event loop can go on meanwhile.
    """

    def __init__(self, off_loop: Callable[[Callable[[], Any]], Any] = at_once) -> None:
        self._off_loop = off_loop

    def first_run_open(self) -> bool:
        """Say whether the appliance still waits for its first administrator."""
        with transaction():
            return not users.has_administrator()

    def new_first_run_code(self) -> str | None:
        """Make a fresh one-time code, void any former one, and return it; None once an administrator exists."""
        code = "-".join(
            "".join(secrets.choice(_CODE_ALPHABET) for _ in range(_CODE_GROUP)) for _ in range(_CODE_GROUPS)
        )
        with transaction():
            if users.has_administrator():
                return None
            users.set_first_run_code(tokens.digest(_folded(code)), CODE_TRIES, CODE_SECONDS)
        return code

    def create_administrator(self, code: str, name: str, password: str) -> User:
        """Make the first administrator for whoever knows the one-time code; the code is used up.

        Raises Invalid for a name or password that cannot be used, Forbidden for a wrong or expired code, Conflict if
        the first run is over.
        """
        account, accepted = check_name(name), check_password(password)
        given = tokens.digest(_folded(code))
        # The try is spent in a transaction of its own: it must stay spent when the rest is rolled back.
        with transaction():
            if users.has_administrator():
                raise Conflict("The first run is over; sign in instead.", code="conflict.first-run")
            expected = users.use_first_run_try()
        if expected is None or not hmac.compare_digest(expected, given):
            raise Forbidden(
                "That code is not right, or it is no longer valid. It stands where Matinee was started; "
                "`matinee first-run` shows a fresh one.",
                code="forbidden.code",
            )
        phc = self._hash(accepted)
        with transaction():
            if not users.close_first_run(expected) or users.has_administrator():
                raise Conflict("The first run is over; sign in instead.", code="conflict.first-run")
            return self._add(account, Role.ADMIN, phc)

    def authenticate(self, name: str, password: str) -> User:
        """Return who signs in with this name and password. Raises Unauthenticated, alike for both being wrong."""
        try:
            account = check_name(name)
        except Invalid:
            account = ""  # nobody's
        with transaction():
            user = users.by_name(account)
            phc = users.password_hash(user.id) if user else None
        # A password is checked even where there is none, so that the time taken tells nothing about names.
        matches = self._off_loop(lambda: passwords.verify_password(phc, password))
        if user is None or phc is None or not matches:
            raise Unauthenticated(
                "That name and password do not belong together. Check both and try again.",
                code="unauthenticated.password",
            )
        if passwords.needs_rehash(phc):
            fresh = self._hash(password)
            with transaction():
                users.set_password_hash(user.id, fresh)
        return user

    def user_of_token(self, token: str) -> User:
        """Return whose API token this is. Raises Unauthenticated."""
        with transaction():
            user = users.by_token(tokens.digest(token))
        if user is None:
            raise Unauthenticated("That API token is unknown or has expired; make a new one.")
        return user

    def user(self, user_id: str) -> User:
        """Return the person of that id. Raises Unauthenticated if the account is gone."""
        with transaction():
            user = users.get(user_id)
        if user is None:
            raise Unauthenticated("This account no longer exists.")
        return user

    def ensure_owner_token(self, path: Path) -> None:
        """Make sure `path` (0600) holds a valid API token of the local owner, whoever may read that file.

        The owner is an administrator without a password: only the token opens that door.
        """
        with files.locked(path.parent), transaction():
            held = path.read_text(encoding="utf-8").strip() if path.exists() else ""
            known = users.by_token(tokens.digest(held)) if held else None
            if known is not None and known.name == OWNER:
                return
            token = tokens.new_token()
            owner = users.by_name(OWNER) or self._add(OWNER, Role.ADMIN, None)
            users.drop_tokens(owner.id, OWNER_TOKEN_NAME)
            users.add_token(new_id(), owner.id, OWNER_TOKEN_NAME, tokens.digest(token), None)
            files.write(path, f"{token}\n".encode(), files.SECRET)

    def _hash(self, password: str) -> str:
        return str(self._off_loop(lambda: passwords.hash_password(password)))

    def _add(self, name: str, role: Role, phc: str | None) -> User:
        user_id = new_id()
        if not users.create(user_id, name, role, phc):
            raise Invalid(f"The name {name!r} is taken; choose another.", code="invalid.name")
        return self.user(user_id)


def _folded(code: str) -> str:
    """Return a code as it counts: letters and digits only, upper case."""
    return "".join(character for character in code.upper() if character.isalnum())
