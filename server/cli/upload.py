"""`matinee upload`: films from the command line, by the same resumable protocol as the browser."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click
import httpx

from server.cli import tus
from server.cli.client import answer, connect
from server.errors import Unavailable

LOOK_SECONDS = 0.5


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--wait", is_flag=True, help="Return when the films are ready, not when they have arrived.")
@click.option("--timeout", default=24 * 3600, show_default=True, help="Seconds to wait at most for each film.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of each file as a line of JSON.")
def upload(files: tuple[Path, ...], *, wait: bool, timeout: int, as_json: bool) -> None:
    """Upload FILES and print the address of each film's page."""
    failed = False
    with connect() as client:
        for file in files:
            video_id = _send(client, file)
            video = answer(client.get(f"/api/v1/videos/{video_id}")).json()
            if wait:
                video = _settled(client, video, time.monotonic() + timeout)
            failed |= video["state"] == "failed"
            _tell(client, file, video, as_json=as_json)
    if failed:
        sys.exit(1)


def _send(client: httpx.Client, file: Path) -> str:
    length = file.stat().st_size
    with click.progressbar(length=length, label=file.name, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        return tus.send(client, file, lambda sent: bar.update(sent - bar.pos))


def _settled(client: httpx.Client, video: dict[str, Any], deadline: float) -> dict[str, Any]:
    """Ask until the film is ready or failed. Raises Unavailable at the deadline."""
    with click.progressbar(length=1000, label="preparing", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        while video["state"] not in ("ready", "failed"):
            if time.monotonic() > deadline:
                raise Unavailable(f"The film is still being prepared; look at it later: {_page(client, video)}")
            time.sleep(LOOK_SECONDS)
            video = answer(client.get(f"/api/v1/videos/{video['id']}")).json()
            progress = video["progress"]
            bar.update(1000 * progress["done"] // max(progress["total"], 1) - bar.pos)
    return video


def _tell(client: httpx.Client, file: Path, video: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"file": str(file), **video, "page": _page(client, video)}))
    elif video["state"] == "failed":
        click.echo(f"{file.name}: {video['error']['message']}", err=True)
    else:
        click.echo(_page(client, video))


def _page(client: httpx.Client, video: dict[str, Any]) -> str:
    return str(client.base_url.join(video["page"]))
