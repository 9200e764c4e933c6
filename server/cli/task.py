"""`matinee task`: the background work on films."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import click
import httpx

from server.cli.client import answer, connect
from server.domain.words import duration, span

STATES = ("queued", "running", "done", "failed")


@click.group()
def task() -> None:
    """Background work: what is done, by whom, and what waits."""


@task.command("list")
@click.option("--video", "video_id", help="Only the tasks of this film.")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only these; may be repeated.")
@click.option("--limit", default=50, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def index(video_id: str | None, states: tuple[str, ...], limit: int, *, as_json: bool) -> None:
    """List tasks, newest first."""
    with connect() as client:
        found = list(islice(_tasks(client, video_id, states), limit))
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found:
        click.echo(f"{one['id']:>8}  {one['video']['id']}  {_what(one):<46}  {_stand(one)}")


@task.command()
@click.argument("task_id", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(task_id: int, *, as_json: bool) -> None:
    """Show one task."""
    with connect() as client:
        one = answer(client.get(f"/api/v1/tasks/{task_id}")).json()
    if as_json:
        click.echo(json.dumps(one))
        return
    facts = {
        "film": f"{one['video']['id']} of {one['video']['owner']}",
        "what": _what(one),
        "state": _stand(one),
        "order": f"{one['priority']['words']} ({one['priority']['value']})",
        "queue": one["queue"],
        "attempt": one["attempt"],
        "worker": one["worker"] or "none yet",
        "age": span(one["age_seconds"]),
    }
    for name, value in facts.items():
        click.echo(f"{name:<8} {value}")


@task.command()
@click.argument("task_id", type=int, required=False)
@click.option("--video", "video_id", help="All that failed of this film; a failed film is prepared anew.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def retry(task_id: int | None, video_id: str | None, *, as_json: bool) -> None:
    """Try again what failed."""
    _act("retry", task_id, video_id, as_json=as_json)


@task.command()
@click.argument("task_id", type=int, required=False)
@click.option("--video", "video_id", help="All work on this film.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def cancel(task_id: int | None, video_id: str | None, *, as_json: bool) -> None:
    """Give work up; a film that needs it fails, and can be tried again."""
    _act("cancel", task_id, video_id, as_json=as_json)


def _act(verb: str, task_id: int | None, video_id: str | None, *, as_json: bool) -> None:
    if (task_id is None) == (video_id is None):
        raise click.UsageError("Say what: one task by its number, or a film by --video ID.")
    place = f"/api/v1/videos/{video_id}" if task_id is None else f"/api/v1/tasks/{task_id}"
    with connect() as client:
        found = answer(client.post(f"{place}/{verb}")).json()
    click.echo(json.dumps(found) if as_json else f"{found['id']} is {found['state']}")


def _tasks(client: httpx.Client, video_id: str | None, states: tuple[str, ...]) -> Any:
    """Yield tasks, page after page."""
    cursor: str | None = ""
    while cursor is not None:
        asked = {"video": video_id, "state": list(states), "cursor": cursor or None}
        page = answer(client.get("/api/v1/tasks", params={k: v for k, v in asked.items() if v})).json()
        yield from page["tasks"]
        cursor = page["next_cursor"]


def _what(one: dict[str, Any]) -> str:
    """Say what a task makes: `video-piece v720+v1080 0:24 to 0:36`."""
    names = "+".join(one["renditions"])
    place = f"{duration(one['start'])} to {duration(one['end'])}" if one["end"] is not None else ""
    return " ".join(filter(None, (one["kind"], names, place)))


def _stand(one: dict[str, Any]) -> str:
    """Say how a task stands."""
    if one["state"] == "running":
        percent = "" if one["progress"] is None else f", {one['progress']:.0%}"
        return f"running for {span(one['running_seconds'])}{percent} on {one['worker']}"
    reason = f": {one['error']['message']}" if one["error"] else ""
    if one["state"] == "queued":
        return f"waits behind {one['queue_place']}{reason}"
    return f"{one['state']}{reason if one['state'] == 'failed' else ''}"
