"""/api/v1/videos: the library for programs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from server.web.auth import container, current_user

videos = Blueprint("videos", __name__)


@videos.get("")
def index() -> dict[str, Any]:
    """List videos, newest first; `cursor` continues a former list."""
    page = container().videos.page(current_user(), request.args.get("cursor"))
    return {"videos": [video.as_dict() for video in page.videos], "next_cursor": page.next_cursor}


@videos.get("/<video_id>")
def show(video_id: str) -> dict[str, Any]:
    """Show one video."""
    return container().videos.get(current_user(), video_id).as_dict()


@videos.delete("/<video_id>")
def remove(video_id: str) -> Response:
    """Remove one video and everything made from it."""
    container().videos.remove(current_user(), video_id)
    return Response(status=204)
