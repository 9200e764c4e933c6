"""`matinee status`: how the appliance is doing."""

from __future__ import annotations

import json
import sys

import click

from server.cli.client import answer, connect
from server.domain.words import size


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(*, as_json: bool) -> None:
    """Say how the appliance is doing; the exit code is 1 if something is wrong."""
    with connect() as client:
        found = answer(client.get("/api/v1/status")).json()
    if as_json:
        click.echo(json.dumps(found))
    else:
        videos = ", ".join(f"{count} {state}" for state, count in found["videos"].items() if count) or "none yet"
        tasks = ", ".join(f"{row['count']} {row['queue']} {row['state']}" for row in found["tasks"]) or "none waiting"
        workers = ", ".join(f"{count} {queue}" for queue, count in (found["workers"] or {}).items()) or "unknown"
        click.echo(f"films    {videos}")
        click.echo(f"tasks    {tasks}")
        click.echo(f"workers  {workers}")
        click.echo(f"events   {found['events']['waiting']} waiting")
        click.echo(f"space    {size(found['space']['free_bytes'])} free")
        for line in found["trouble"]:
            click.echo(f"trouble  {line}")
    if not found["healthy"]:
        sys.exit(1)
