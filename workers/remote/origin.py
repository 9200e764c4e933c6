"""The appliance as another machine sees it: HTTPS with its own authority's certificate, and errors told again."""

from __future__ import annotations

import logging
import os
import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import httpx

from server.domain.backoff import Backoff
from server.errors import Conflict, Gone, Invalid, MatineeError, Superseded, Unauthenticated, Unavailable, Unplayable

CLAIM_SECONDS = 30.0  # a claim is answered within 20
TIMEOUT_SECONDS = 20.0
HASTY_SECONDS = 2.0  # for what is said while leaving
PATIENCE_SECONDS = 60.0  # a piece is worth waiting for an appliance that starts again

# What the work itself reacts to; anything else that the appliance refuses may be in order the next time.
_KINDS: dict[str, type[MatineeError]] = {
    "superseded": Superseded,
    "unauthenticated": Unauthenticated,
    "unplayable": Unplayable,
    "conflict.init": Conflict,
    "conflict.protocol": Conflict,
    "gone": Gone,
    "invalid.body": Unavailable,
    "invalid.checksum": Unavailable,
}

_log = logging.getLogger(__name__)

_Answer = TypeVar("_Answer")


class Refused(MatineeError):
    """The appliance did not take what was sent, for a reason that has nothing to do with the film."""

    code = "refused"
    permanent = False


class Origin:
    """One connection pool to the appliance at `address`, used as the process that it names.

    Raises Unavailable while the appliance does not answer, Unauthenticated if it does not know the token, and what it
    answers: Superseded, Unplayable, Conflict, Gone, Refused.
    """

    def __init__(
        self, address: str, token_file: Path, authority: Path, wait: Callable[[float], None] = time.sleep
    ) -> None:
        try:
            token = token_file.read_text(encoding="utf-8").strip()
            trusted = ssl.create_default_context(cafile=str(authority))
        except OSError as error:
            raise Invalid(f"{error.filename or authority} cannot be read: {error.strerror}.") from error
        self.process = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._wait = wait
        self._client = httpx.Client(
            base_url=f"{address.rstrip('/')}/api/v1/work",
            headers={"Authorization": f"Bearer {token}"},
            verify=trusted,
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )

    def tell(self, path: str, told: dict[str, Any] | None = None, *, seconds: float = TIMEOUT_SECONDS) -> Any:
        """POST `told` with the name of this process, once; return the JSON of the answer, None if it is empty."""
        body = {"process": self.process, "version": version("matinee"), **(told or {})}
        answer = self._ask("POST", path, json=body, timeout=seconds)
        return answer.json() if answer.status_code == httpx.codes.OK else None

    def insist(self, path: str, told: dict[str, Any]) -> None:
        """`tell`, again and again while the appliance does not answer, for PATIENCE_SECONDS."""
        self._patiently(lambda: self.tell(path, told))

    def send(self, path: str, content: bytes, digest: str) -> None:
        """PUT a file with the `digest` of RFC 9530, as patiently as `insist`."""
        headers = {"Content-Digest": f"sha-256=:{digest}:"}
        self._patiently(lambda: self._ask("PUT", path, content=content, headers=headers))

    def fetch(self, path: str, start: int, end: int, tag: str | None) -> tuple[bytes, str] | None:
        """GET the bytes from `start` up to `end` of a file that has the entity tag `tag`, as patiently as `insist`.

        Return them with the tag; None if the file has another tag now. (RFC 9110, 13.1.5 and 14.)
        """
        headers = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
        if tag is not None:
            headers["If-Range"] = tag

        def once() -> tuple[bytes, str] | None:
            with self._answering(), self._client.stream("GET", path, headers=headers) as answer:
                if answer.status_code == httpx.codes.OK:
                    return None
                _check(answer)
                content = answer.read()
                whole = answer.headers.get("Content-Range", "").startswith(f"bytes {start}-{end - 1}/")
                if not whole or len(content) != end - start:
                    raise Unavailable("The appliance sent another part of the film than was asked for.")
                return content, answer.headers.get("ETag", "")

        return self._patiently(once)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        with self._answering():
            answer = self._client.request(method, path, **request)
        _check(answer)
        return answer

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise Unavailable(f"The appliance does not answer ({error or type(error).__name__}).") from error

    def _patiently(self, ask: Callable[[], _Answer]) -> _Answer:
        backoff, deadline = Backoff(), time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return ask()
            except Unavailable as error:
                delay = backoff.next()
                if time.monotonic() + delay > deadline:
                    raise
                _log.warning("%s Trying again in %.1f s.", error, delay)
                self._wait(delay)


def _check(answer: httpx.Response) -> None:
    """Pass for a good answer. Raises the error that the appliance told (RFC 9457)."""
    if answer.is_success:
        return
    answer.read()
    try:
        problem = answer.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "", f"It answered with status {answer.status_code}."
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        raise Unavailable(f"The appliance cannot answer now: {detail}")
    kind = _KINDS.get(code) or _KINDS.get(code.partition(".")[0], Refused)
    raise kind(detail, code=code or None)
