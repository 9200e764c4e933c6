"""Who may do what: one table from roles to actions."""

from __future__ import annotations

from enum import StrEnum

from server.errors import Forbidden


class Role(StrEnum):
    """What a person is to the appliance, from least to most."""

    VIEWER = "viewer"
    UPLOADER = "uploader"
    MODERATOR = "moderator"
    ADMIN = "admin"


class Action(StrEnum):
    """Something that a person may ask for; `own` actions concern what the person uploaded."""

    WATCH = "watch"
    UPLOAD = "upload"
    REMOVE_OWN = "remove-own"
    REMOVE_ANY = "remove-any"
    EDIT_OWN = "edit-own"  # choose the poster, add and remove captions
    EDIT_ANY = "edit-any"
    SEE_STATUS = "see-status"
    TASKS_OWN = "tasks-own"  # see, cancel and retry the work on a film
    TASKS_ANY = "tasks-any"
    MANAGE_WORKERS = "manage-workers"
    SCRUB = "scrub"


_VIEWER = frozenset({Action.WATCH})
_UPLOADER = _VIEWER | {Action.UPLOAD, Action.REMOVE_OWN, Action.EDIT_OWN, Action.TASKS_OWN}
_MODERATOR = _UPLOADER | {Action.REMOVE_ANY}

ALLOWED: dict[Role, frozenset[Action]] = {
    Role.VIEWER: _VIEWER,
    Role.UPLOADER: _UPLOADER,
    Role.MODERATOR: _MODERATOR,
    Role.ADMIN: frozenset(Action),
}


def may(role: Role, action: Action) -> bool:
    """Say whether `role` allows `action`."""
    return action in ALLOWED[role]


def require(role: Role, action: Action) -> None:
    """Pass if `role` allows `action`. Raises Forbidden."""
    if not may(role, action):
        raise Forbidden(
            f"Your role ({role}) does not allow this ({action}). An administrator can change your role.",
            code=f"forbidden.{action}",
        )
