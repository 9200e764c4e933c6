"""A request's body as it comes from the socket, of any length."""

from __future__ import annotations

from flask import request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from werkzeug.exceptions import ClientDisconnected

from server.errors import Invalid
from server.storage.incoming import Stream


class Body:
    """The bytes of the present request; a connection that breaks off is an error of its own, told as `broken`."""

    def __init__(self, broken: str) -> None:
        request.max_content_length = None
        self._stream: Stream = request.stream
        self._broken = broken

    def read(self, size: int, /) -> bytes:
        """Return the next bytes. Raises Invalid (`invalid.body`) when the connection breaks off."""
        try:
            return self._stream.read(size)
        except (OSError, ParseException, ClientDisconnected) as error:
            raise Invalid(self._broken, code="invalid.body") from error
