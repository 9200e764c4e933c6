"""/api/v1/tasks and what belongs to them below /api/v1/videos: the work on films, to be seen, cancelled and retried."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from server.web.auth import container, current_user

tasks = Blueprint("tasks", __name__)


@tasks.get("/tasks")
def index() -> dict[str, Any]:
    """List tasks, newest first: of the film `video`, in each `state` given; `cursor` continues a former list."""
    asked = request.args
    page = container().schedule.page(
        current_user(), asked.get("cursor"), video_id=asked.get("video"), states=asked.getlist("state")
    )
    return {"tasks": [task.as_dict() for task in page.tasks], "next_cursor": page.next_cursor}


@tasks.get("/tasks/<int:task_id>")
def show(task_id: int) -> dict[str, Any]:
    """Show one task."""
    return container().schedule.get(current_user(), task_id).as_dict()


@tasks.post("/tasks/<int:task_id>/cancel")
def cancel(task_id: int) -> dict[str, Any]:
    """Give up one task, and show what became of it."""
    return container().schedule.cancel_task(current_user(), task_id).as_dict()


@tasks.post("/tasks/<int:task_id>/retry")
def retry(task_id: int) -> dict[str, Any]:
    """Try a failed task again, and show its film."""
    return container().schedule.retry_task(current_user(), task_id).as_dict()


@tasks.post("/videos/<video_id>/cancel")
def cancel_video(video_id: str) -> dict[str, Any]:
    """Give up all work on a film, and show the film."""
    return container().schedule.cancel_video(current_user(), video_id).as_dict()


@tasks.post("/videos/<video_id>/retry")
def retry_video(video_id: str) -> dict[str, Any]:
    """Prepare a failed film anew, or try again what failed of it, and show the film."""
    return container().schedule.retry_video(current_user(), video_id).as_dict()


@tasks.get("/videos/<video_id>/pieces")
def pieces(video_id: str) -> dict[str, Any]:
    """Show the map of a film: its renditions, each with its pieces in the order of the film."""
    return {"renditions": container().schedule.pieces(current_user(), video_id)}
