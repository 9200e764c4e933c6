"""Segments that do not exist yet: nginx asks here, waits, and then serves the file itself."""

from __future__ import annotations

from flask import Blueprint, Response, request

from server.storage.layout import part_at
from server.web.auth import container

segments = Blueprint("segments", __name__)


@segments.get("/waiting")
def waiting() -> Response:
    """Answer with X-Accel-Redirect once the segment named by X-Original-URI exists.

    nginx has checked the ticket before it asks, and lets nobody else in here.
    """
    part = part_at(request.headers.get("X-Original-URI", ""))
    container().playback.await_part(part)
    response = Response(status=200)
    response.headers["X-Accel-Redirect"] = f"/files/{part.video_id}/hls/{part.rendition}/{part.file}"
    del response.headers["Content-Type"]
    return response
