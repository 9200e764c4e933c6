"""Workers: who is there, and what they have been told to do."""

from __future__ import annotations

import logging

from server.domain import permission
from server.domain.permission import Action
from server.domain.user import User
from server.domain.worker import Identity, Worker, WorkerState
from server.errors import NotFound
from server.store import workers
from server.store.database import transaction

# A worker that was killed has no chance to strike itself off; it is shown as lost for so long.
FORGET_SECONDS = 3600.0


_log = logging.getLogger(__name__)


class Workers:
    """The register of workers, from both sides."""

    def beat(self, identity: Identity) -> WorkerState:
        """Note that a worker lives; return what it has been told to do. Raises Unavailable."""
        with transaction():
            return workers.beat(identity)

    def leave(self, name: str) -> None:
        """Strike off a worker that leaves. Raises Unavailable; then it is shown as lost for a while."""
        with transaction():
            workers.leave(name)

    def listed(self, user: User) -> list[Worker]:
        """Return every worker, the lost ones included. Raises Forbidden."""
        permission.require(user.role, Action.MANAGE_WORKERS)
        with transaction():
            return workers.listed()

    def direct(self, user: User, state: WorkerState, *, name: str | None = None, host: str | None = None) -> list[str]:
        """Tell one worker, those of a host, or all what to do; return the names of those told.

        Raises Forbidden, or NotFound if there is nobody to tell.
        """
        permission.require(user.role, Action.MANAGE_WORKERS)
        with transaction():
            told = workers.direct(state, name=name, host=host)
        if not told:
            raise NotFound("There is no such worker at work; `matinee worker list` shows those that are.")
        _log.info("%s told %s to be %s.", user.name, ", ".join(told), state)
        return told

    def forget_lost(self) -> None:
        """Strike off workers that have been silent for an hour. Raises Unavailable."""
        with transaction():
            workers.forget_lost(FORGET_SECONDS)
