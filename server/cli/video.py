"""`matinee video`: the library from the command line."""

from __future__ import annotations

import json
from typing import Any

import click

from server.cli.client import answer, connect
from server.domain.words import duration, size


@click.group()
def video() -> None:
    """Films of the library."""


@video.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def index(*, as_json: bool) -> None:
    """List all films, newest first."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    with connect() as client:
        while cursor is not None:
            page = answer(client.get("/api/v1/videos", params={"cursor": cursor} if cursor else {})).json()
            found += page["videos"]
            cursor = page["next_cursor"]
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found:
        columns = f"{_state(one):<16}  {duration(one['duration']):>8}  {size(one['size']):>8}"
        click.echo(f"{one['id']}  {columns}  {_plain(one['title'])}")


@video.command()
@click.argument("video_id")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(video_id: str, *, as_json: bool) -> None:
    """Show one film."""
    with connect() as client:
        one = answer(client.get(f"/api/v1/videos/{video_id}")).json()
        page = client.base_url.join(one["page"])
    if as_json:
        click.echo(json.dumps(one))
        return
    facts = {
        "title": _plain(one["title"]),
        "state": _state(one),
        "length": duration(one["duration"]),
        "picture": f"{one['width']} x {one['height']}" if one["width"] else "none",
        "size": size(one["size"]),
        "owner": one["owner"],
        "page": page,
    }
    if one["error"]:
        facts["reason"] = one["error"]["message"]
    for name, value in facts.items():
        click.echo(f"{name:<8} {value}")


@video.command()
@click.argument("video_ids", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def remove(video_ids: tuple[str, ...], *, as_json: bool) -> None:
    """Remove films with everything made from them."""
    with connect() as client:
        for video_id in video_ids:
            answer(client.delete(f"/api/v1/videos/{video_id}"))
            click.echo(json.dumps({"removed": video_id}) if as_json else f"removed {video_id}")


@video.command()
@click.argument("video_id")
@click.argument("choice", type=click.IntRange(0))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def poster(video_id: str, choice: int, *, as_json: bool) -> None:
    """Choose the poster of a film among its candidates; `show --json` lists them under `posters`."""
    with connect() as client:
        one = answer(client.put(f"/api/v1/videos/{video_id}/poster", json={"choice": choice})).json()
        picture = client.base_url.join(one["poster"])
    click.echo(json.dumps(one) if as_json else f"poster   {picture}")


def _state(one: dict[str, Any]) -> str:
    progress = one["progress"]
    return (
        f"{one['state']} {progress['done']}/{progress['total']}" if one["state"] == "preparing" else str(one["state"])
    )


def _plain(title: str) -> str:
    """Return a title that cannot move a terminal's cursor."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in title)
