"""The library, the upload page and the page on which a film plays."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Response, make_response, redirect, render_template, request

from server.domain.permission import Action, may, require
from server.domain.webvtt import MAX_BYTES
from server.web.auth import container, current_user, give_ticket

library = Blueprint("library", __name__)


@library.get("/")
def index() -> Response:
    """Show the newest films; before the first run is over, lead there."""
    if container().accounts.first_run_open():
        return cast(Response, redirect("/welcome", 303))
    user = current_user()
    page = container().videos.page(user, request.args.get("cursor"))
    shown = [video.as_dict() for video in page.videos]
    response = make_response(render_template("library.html", videos=shown, next_cursor=page.next_cursor))
    give_ticket(response, user)
    return response


@library.get("/upload")
def upload() -> str:
    """Show the page that takes films in."""
    require(current_user().role, Action.UPLOAD)
    return render_template("upload.html")


@library.get("/watch/<video_id>")
def watch(video_id: str) -> Response:
    """Show the page on which a film plays, be it ready or not."""
    user = current_user()
    video = container().videos.get(user, video_id)
    removable = may(user.role, Action.REMOVE_OWN if video.owner_id == user.id else Action.REMOVE_ANY)
    editable = may(user.role, Action.EDIT_OWN if video.owner_id == user.id else Action.EDIT_ANY)
    shown = {"video": video.as_dict(), "can_remove": removable, "can_edit": editable}
    response = make_response(render_template("watch.html", **shown))
    give_ticket(response, user)
    return response


@library.post("/watch/<video_id>/poster")
def choose_poster(video_id: str) -> Response:
    """Choose the poster of a film."""
    container().extras.choose_poster(current_user(), video_id, request.form.get("choice", type=int))
    return cast(Response, redirect(f"/watch/{video_id}#posters", 303))


@library.post("/watch/<video_id>/captions")
def add_captions(video_id: str) -> Response:
    """Add captions to a film, from a form; the name of the file means nothing."""
    user, file = current_user(), request.files.get("captions")
    data = file.stream.read(MAX_BYTES + 1) if file else b""
    container().extras.add_captions(user, video_id, data, request.form.get("language", "").strip(), None)
    return cast(Response, redirect(f"/watch/{video_id}#captions", 303))


@library.post("/watch/<video_id>/captions/<name>/remove")
def remove_captions(video_id: str, name: str) -> Response:
    """Remove captions of a film."""
    container().extras.remove_captions(current_user(), video_id, name)
    return cast(Response, redirect(f"/watch/{video_id}#captions", 303))


@library.post("/watch/<video_id>/remove")
def remove(video_id: str) -> Response:
    """Remove a film (the way that works without JavaScript)."""
    container().videos.remove(current_user(), video_id)
    return cast(Response, redirect("/", 303))
