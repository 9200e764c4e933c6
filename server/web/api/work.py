"""/api/v1/work: where other machines fetch tasks and originals, and hand over what they made (docs/architecture.md).

The token of a machine opens this and nothing else, and nobody else's token opens it. Every call about a task names the
task and its fence; 409 `superseded` says that the task is no longer the caller's.
"""

from __future__ import annotations

import base64
import binascii
import re
import select
import socket
from typing import Any

from flask import Blueprint, Response, g, request

from server.domain.handover import MadeFile
from server.domain.worker import Identity
from server.errors import Invalid
from server.services.remote import RemoteWork, identity
from server.web.api.body import Body
from server.web.auth import container

work = Blueprint("work", __name__)

_CONTENT_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")  # RFC 9530


@work.before_request
def _recognise() -> None:
    sent = request.authorization
    bearer = sent.token if sent is not None and sent.type == "bearer" else None
    g.host = container().hosts.host_of_token(bearer)


@work.post("/claims")
def claim() -> tuple[dict[str, Any], int] | Response:
    """Take a task, waiting for one up to the time that docs/architecture.md tells; 204 if there was none."""
    asked = _json()
    kinds, protocol = asked.get("kinds"), asked.get("protocol")
    if not isinstance(kinds, list) or not isinstance(protocol, int):
        raise Invalid("A claim tells the kinds of task and the version of the protocol.", code="invalid.handover")
    errand = _service().claim(_worker(asked), kinds, protocol, _listens)
    return Response(status=204) if errand is None else (errand.to_dict(), 200)


@work.post("/leave")
def leave() -> Response:
    """Hand back whatever the process holds."""
    _service().leave(_worker(_json()))
    return Response(status=204)


@work.post("/<int:task>/<int:fence>/extend")
def extend(task: int, fence: int) -> Response:
    """Prolong the lease; `progress` tells how far the work is, from 0 to 1."""
    told = _json()
    progress = told.get("progress")
    if progress is not None and not (isinstance(progress, int | float) and 0 <= progress <= 1):
        raise Invalid("Progress is a number from 0 to 1.", code="invalid.handover")
    _service().extend(_worker(told), task, fence, progress)
    return Response(status=204)


@work.post("/<int:task>/<int:fence>/release")
def release(task: int, fence: int) -> Response:
    """Hand the task back untouched."""
    _service().release(g.host, task, fence)
    return Response(status=204)


@work.post("/<int:task>/<int:fence>/fail")
def fail(task: int, fence: int) -> Response:
    """Say why the task could not be done."""
    told = _json()
    code, message, permanent = str(told.get("code")), str(told.get("message")), told.get("permanent") is True
    _service().fail(g.host, task, fence, code, message, permanent=permanent)
    return Response(status=204)


@work.get("/<int:task>/<int:fence>/original")
def original(task: int, fence: int) -> Response:
    """Let nginx send the file as it was uploaded, ranges and all."""
    video_id = _service().original(g.host, task, fence)
    response = Response(status=200)
    response.headers["X-Accel-Redirect"] = f"/files/{video_id}/original"
    del response.headers["Content-Type"]
    return response


@work.put("/<int:task>/<int:fence>/files/<rendition>/<name>")
def receive(task: int, fence: int, rendition: str, name: str) -> Response:
    """Keep a file of the piece; Content-Digest tells its SHA-256. Sending it again replaces it."""
    digest = _CONTENT_DIGEST.fullmatch(request.headers.get("Content-Digest", ""))
    if digest is None or request.content_length is None:
        raise Invalid(
            "A file comes with Content-Length and with Content-Digest: sha-256=:…: (RFC 9530).", code="invalid.header"
        )
    try:
        sha256 = base64.b64decode(digest[1], validate=True).hex()
    except binascii.Error as error:
        raise Invalid("Content-Digest is not base64.", code="invalid.header") from error
    file = MadeFile(rendition, name, request.content_length, sha256)
    body = Body("The connection broke off, so nothing was kept of this file. Send it again.")
    _service().receive(g.host, task, fence, file, body)
    return Response(status=204)


@work.post("/<int:task>/<int:fence>/publish")
def publish(task: int, fence: int) -> Response:
    """Publish the piece, if all of it has arrived, and finish the task."""
    told = _json()
    made, files = told.get("made"), told.get("files")
    if not isinstance(made, list) or not isinstance(files, list):
        raise Invalid("Tell what was made, and its files.", code="invalid.handover")
    _service().publish(g.host, task, fence, made, files)
    return Response(status=204)


def _service() -> RemoteWork:
    return container().remote_work


def _json() -> dict[str, Any]:
    told = request.get_json()
    if not isinstance(told, dict):
        raise Invalid("The body is a JSON object.", code="invalid.handover")
    return told


def _worker(told: dict[str, Any]) -> Identity:
    return identity(g.host, str(told.get("process")), str(told.get("version")))


def _listens() -> bool:
    """Say whether the client is still there: nginx hangs up when it is not, and a task must not go to nobody."""
    connection: socket.socket | None = request.environ.get("gunicorn.socket")
    if connection is None or not select.select([connection], [], [], 0)[0]:
        return True
    return bool(connection.recv(1, socket.MSG_PEEK))
