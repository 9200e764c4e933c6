"""/api/v1/videos: the library for programs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from server.domain.webvtt import MAX_BYTES
from server.web.api.body import Body
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


@videos.put("/<video_id>/poster")
def choose_poster(video_id: str) -> dict[str, Any]:
    """Choose the poster among its candidates: `{"choice": n}`. Answer with the video."""
    user, body = current_user(), request.get_json(silent=True)
    choice = body.get("choice") if isinstance(body, dict) else None
    return container().extras.choose_poster(user, video_id, choice).as_dict()


@videos.post("/<video_id>/captions")
def add_captions(video_id: str) -> tuple[dict[str, object], int]:
    """Add the body, SRT or WebVTT, as captions in `language`; `label` is what menus show. Answer with the track."""
    user = current_user()
    body, data = Body("The captions did not arrive whole; send them again."), b""
    while len(data) <= MAX_BYTES and (chunk := body.read(MAX_BYTES + 1 - len(data))):
        data += chunk
    language, label = request.args.get("language", ""), request.args.get("label")
    return container().extras.add_captions(user, video_id, data, language, label).as_dict(video_id), 201


@videos.delete("/<video_id>/captions/<name>")
def remove_captions(video_id: str, name: str) -> Response:
    """Remove one caption track."""
    container().extras.remove_captions(current_user(), video_id, name)
    return Response(status=204)


@videos.delete("/<video_id>")
def remove(video_id: str) -> Response:
    """Remove one video and everything made from it."""
    container().videos.remove(current_user(), video_id)
    return Response(status=204)
