"""/api/v1/workers: who is there to work, and what they have been told to do."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from server.domain.worker import WorkerState
from server.errors import Invalid, NotFound
from server.web.auth import container, current_user

workers = Blueprint("workers", __name__)

_VERBS = {"pause": WorkerState.PAUSED, "resume": WorkerState.ACTIVE, "drain": WorkerState.DRAINING}


@workers.get("")
def index() -> dict[str, Any]:
    """List every registered worker."""
    return {"workers": [worker.as_dict() for worker in container().workers.listed(current_user())]}


@workers.post("/<verb>")
def direct(verb: str) -> dict[str, Any]:
    """Tell workers what to do; the JSON body says which: {"name": …}, {"host": …} or {"all": true}."""
    user = current_user()
    if verb not in _VERBS:
        raise NotFound("Workers can be told to pause, resume or drain.")
    match request.get_json(silent=True):
        case {"name": str(name), **others} if not others:
            told = container().workers.direct(user, _VERBS[verb], name=name)
        case {"host": str(host), **others} if not others:
            told = container().workers.direct(user, _VERBS[verb], host=host)
        case {"all": True, **others} if not others:
            told = container().workers.direct(user, _VERBS[verb])
        case _:
            raise Invalid('Say which workers: {"name": …}, {"host": …} or {"all": true}.', code="invalid.workers")
    return {"workers": told}
