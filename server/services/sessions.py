"""Sessions of browsers: from a cookie to a person."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from server.cache import sessions
from server.domain.user import User
from server.errors import Unauthenticated
from server.keystore import tokens
from server.services.accounts import Accounts


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is behind a cookie, and the token that this browser's writes must carry."""

    user: User
    csrf: str


class Sessions:
    """Begins, recognises and ends sessions."""

    def __init__(self, store: sessions.Sessions, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts

    def begin(self, user: User) -> str:
        """Start a session and return the cookie's value: 256 random bits, of which only the digest is kept."""
        value = tokens.new_token()
        csrf = secrets.token_urlsafe(24)
        self._store.put(tokens.digest(value), sessions.Session(user.id, csrf, time.time()))
        return value

    def recognise(self, value: str | None) -> SignedIn:
        """Return who is behind the cookie's value. Raises Unauthenticated."""
        session = self._store.get(tokens.digest(value)) if value else None
        if session is None:
            raise Unauthenticated("Nobody is signed in here, or the session is over. Sign in to go on.")
        return SignedIn(self._accounts.user(session.user_id), session.csrf)

    def end(self, value: str) -> None:
        """End the session of that cookie."""
        self._store.drop(tokens.digest(value))
