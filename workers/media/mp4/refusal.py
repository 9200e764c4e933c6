"""Why a track cannot be copied, and the guard that turns every surprise in a hostile file into that."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from server.errors import MediaFailed


class NotCopyable(MediaFailed):
    """The file, or a track of it, has to be encoded; the message is the reason. Asking again will not change it."""

    code = "media-failed.copy"
    permanent: ClassVar[bool] = True


class Fragmented(NotCopyable):
    """The index of the file is scattered over it; written anew, it may be copied all the same."""


@contextmanager
def guarded() -> Iterator[None]:
    """Within it, whatever parsing stumbles over is a NotCopyable."""
    try:
        yield
    except (struct.error, LookupError, ArithmeticError, ValueError, StopIteration) as error:
        raise NotCopyable("The index of the file is damaged.", detail=repr(error)) from error
