"""/api/v1/uploads: resumable uploads by tus 1.0.0, described in docs/uploads.md."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request, url_for
from werkzeug.exceptions import MethodNotAllowed

from server.domain.user import User
from server.errors import Invalid, MatineeError
from server.services.uploads import Receipt
from server.web.api import tus
from server.web.api.body import Body
from server.web.auth import container, current_user

uploads = Blueprint("uploads", __name__)


def _body() -> Body:
    return Body("The connection broke off. What has arrived is kept; ask for the offset and go on.")


@uploads.before_request
def _check_version() -> None:
    if request.method != "OPTIONS":
        tus.check_version(request.headers.get("Tus-Resumable"))


@uploads.after_request
def _say_version(response: Response) -> Response:
    response.headers["Tus-Resumable"] = tus.VERSION
    response.headers["Cache-Control"] = "no-store"
    if response.status_code == 412:
        response.headers["Tus-Version"] = tus.VERSION
    return response


@uploads.route("", methods=["OPTIONS"])
@uploads.route("/<upload_id>", methods=["OPTIONS"])
def describe(upload_id: str | None = None) -> Response:  # noqa: ARG001  # the same answer everywhere
    """Say what is offered; nobody needs to be signed in for that."""
    return Response(status=204, headers=tus.offers(container().uploads.max_bytes))


@uploads.post("")
def create() -> Response:
    """Begin an upload, and take its first bytes if the request carries any."""
    user = current_user()
    for header in ("Upload-Defer-Length", "Upload-Concat"):
        if header in request.headers:
            raise Invalid(
                f"{header} is not offered: room is promised before the first byte, so say Upload-Length, "
                "and send one file as one upload.",
                code="invalid.header",
            )
    size = tus.parse_number("Upload-Length", request.headers.get("Upload-Length"))
    name = tus.filename_in(tus.parse_metadata(request.headers.get("Upload-Metadata")))
    carries_bytes = bool(request.content_length) or "chunked" in request.headers.get("Transfer-Encoding", "")
    if carries_bytes:
        tus.check_content_type(request.mimetype)
    receipt = Receipt(container().uploads.create(user, name, size), 0)
    if carries_bytes:
        receipt = _receive_first(user, receipt)
    address = url_for(".show", upload_id=receipt.upload.id)
    return Response(status=201, headers={"Location": address, **tus.progress(receipt)})


@uploads.route("/<upload_id>", methods=["HEAD"])
def show(upload_id: str) -> Response:
    """Say how far the upload is."""
    receipt = container().uploads.status(current_user(), upload_id)
    headers = {
        "Upload-Length": str(receipt.upload.size),
        "Upload-Metadata": tus.format_metadata(receipt.upload.filename),
        **tus.progress(receipt),
    }
    return Response(status=200, headers=headers)


@uploads.patch("/<upload_id>")
def receive(upload_id: str) -> Response:
    """Append the body at Upload-Offset."""
    user = current_user()
    tus.check_content_type(request.mimetype)
    offset = tus.parse_number("Upload-Offset", request.headers.get("Upload-Offset"))
    checksum = tus.parse_checksum(request.headers.get("Upload-Checksum"))
    receipt = container().uploads.receive(user, upload_id, offset, _body(), checksum)
    return Response(status=204, headers=tus.progress(receipt))


@uploads.delete("/<upload_id>")
def terminate(upload_id: str) -> Response:
    """Forget the upload and what has arrived of it."""
    container().uploads.terminate(current_user(), upload_id)
    return Response(status=204)


@uploads.post("/<upload_id>")
def override(upload_id: str) -> Response:
    """Do what X-HTTP-Method-Override says, for clients whose surroundings know POST only."""
    method = request.headers.get("X-HTTP-Method-Override", "")
    if method not in _OVERRIDES:
        raise MethodNotAllowed(["HEAD", "PATCH", "DELETE", "OPTIONS"])
    return _OVERRIDES[method](upload_id)


def _receive_first(user: User, receipt: Receipt) -> Receipt:
    """Take the bytes that came with the creation. If that fails, nobody knows the upload's address: it is dropped."""
    service, upload_id = container().uploads, receipt.upload.id
    try:
        checksum = tus.parse_checksum(request.headers.get("Upload-Checksum"))
        return service.receive(user, upload_id, 0, _body(), checksum)
    except MatineeError:
        service.terminate(user, upload_id)
        raise


_OVERRIDES: dict[str, Callable[[str], Response]] = {"HEAD": show, "PATCH": receive, "DELETE": terminate}
