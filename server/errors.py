"""The one error tree of the appliance.

MatineeError
├── Invalid         the request cannot be understood or breaks a rule
│   └── Unplayable  the file is not a film that this appliance can play
├── Unauthenticated nobody is signed in, or the token is unknown or expired
├── Forbidden       somebody is signed in, and may not do this
├── NotFound        there is no such thing (or it is not yours to know about)
├── Gone            it existed and has been taken away
├── Conflict        the thing is in a state that does not allow this
├── TooLarge        it can never fit: a size limit
├── NoSpace         it does not fit now: quota or free space
├── TooMany         asked too often
├── Unavailable     a part that is needed does not answer; trying again may help
├── Superseded      a lease was lost: another worker owns the task now
└── MediaFailed     ffmpeg ended without its work done; trying again may help

Each class has a stable `code`, which clients may rely on. A message says what happened, why, and what to do.
"""

from __future__ import annotations

from typing import ClassVar


class MatineeError(Exception):
    """Root of all errors that Matinee raises on purpose.

    `code` may be narrowed per instance (for example `unplayable.no-video`); it always starts with the class's own.
    """

    code: str = "error"
    permanent: ClassVar[bool] = True

    def __init__(self, message: str, *, code: str | None = None) -> None:
        """Keep the sentence for people and, where given, the narrower stable code for programs."""
        super().__init__(message)
        if code is not None:
            self.code = code

    @property
    def message(self) -> str:
        """The sentence for people."""
        return str(self.args[0])


class Invalid(MatineeError):
    """The request cannot be understood or breaks a rule."""

    code = "invalid"


class Unplayable(Invalid):
    """The file is not a film that this appliance can play; asking again will not change that."""

    code = "unplayable"


class Unauthenticated(MatineeError):
    """Nobody is signed in, or the token is unknown or expired."""

    code = "unauthenticated"


class Forbidden(MatineeError):
    """Somebody is signed in, and may not do this."""

    code = "forbidden"


class NotFound(MatineeError):
    """There is no such thing."""

    code = "not-found"


class Gone(MatineeError):
    """It existed and has been taken away."""

    code = "gone"


class Conflict(MatineeError):
    """The thing is in a state that does not allow this."""

    code = "conflict"


class TooLarge(MatineeError):
    """It can never fit: a size limit."""

    code = "too-large"


class NoSpace(MatineeError):
    """It does not fit now: the quota or the free space is used up."""

    code = "no-space"
    permanent = False


class TooMany(MatineeError):
    """Asked too often."""

    code = "too-many"
    permanent = False


class Unavailable(MatineeError):
    """A part that is needed does not answer; trying again may help."""

    code = "unavailable"
    permanent = False


class Superseded(MatineeError):
    """A lease was lost: another worker owns the task now, and this one must leave without a trace."""

    code = "superseded"


class MediaFailed(MatineeError):
    """Ffmpeg ended without its work done, for a reason outside the file; `detail` holds its last words."""

    code = "media-failed"
    permanent = False

    def __init__(self, message: str, *, code: str | None = None, detail: str = "") -> None:
        """Keep what ffmpeg wrote last beside the sentence."""
        super().__init__(message, code=code)
        self.detail = detail
