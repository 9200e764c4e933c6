"""Machines beside the appliance that may do its work: enrolled by name, known by a token that opens nothing else."""

from __future__ import annotations

import re

from server.errors import Invalid, NotFound, Unauthenticated
from server.keystore import tokens
from server.store import hosts
from server.store.database import transaction

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


class Hosts:
    """Who may fetch tasks from another machine. A machine is no person: its token is no API token, and the reverse."""

    def enroll(self, name: str) -> str:
        """Let the machine `name` work, and return its token; a former one is void. Raises Invalid."""
        if _NAME.fullmatch(name) is None:
            raise Invalid(
                "A machine is named by 1 to 32 small letters, digits or dashes, with no dash at either end.",
                code="invalid.name",
            )
        token = tokens.new_token()
        with transaction():
            hosts.put(name, tokens.digest(token))
        return token

    def dismiss(self, name: str) -> None:
        """Void the token of the machine `name`; what it holds waits for the end of its lease. Raises NotFound."""
        with transaction():
            if not hosts.drop(name):
                raise NotFound(f"No machine is enrolled as {name!r}.")

    def host_of_token(self, token: str | None) -> str:
        """Return which machine's token this is. Raises Unauthenticated."""
        name = None
        if token:
            with transaction():
                name = hosts.by_token(tokens.digest(token))
        if name is None:
            raise Unauthenticated(
                "That is not the token of a worker. `matinee worker enroll` on the appliance makes one.",
                code="unauthenticated.worker",
            )
        return name
