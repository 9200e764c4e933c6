"""`matinee worker`: the workers of this appliance, wherever they run."""

from __future__ import annotations

import json

import click

from server.cli.client import answer, connect
from server.domain.words import span


@click.group()
def worker() -> None:
    """Workers: who is there, and what they are told to do."""


@worker.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def index(*, as_json: bool) -> None:
    """List all workers, and what each does."""
    with connect() as client:
        found = answer(client.get("/api/v1/workers")).json()["workers"]
    if as_json:
        click.echo(json.dumps(found))
        return
    for one in found:
        work = f"task {one['task']} of {one['video']}" if one["task"] else "idle"
        speed = "" if one["speed"] is None else f"  {one['speed']:.1f} megapixels a second"
        silent = f" for {span(one['seen_seconds'])}" if one["state"] == "lost" else ""
        click.echo(f"{one['name']:<28}  {one['queue']:<5}  {one['state']}{silent:<8}  {work}{speed}")


def _verb(name: str, text: str) -> None:
    @worker.command(name, help=text)
    @click.argument("worker_name", required=False)
    @click.option("--host", help="All workers of this machine.")
    @click.option("--all", "everyone", is_flag=True, help="All workers.")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    def command(worker_name: str | None, host: str | None, *, everyone: bool, as_json: bool) -> None:
        chosen = {"name": worker_name, "host": host, "all": everyone or None}
        body = {key: value for key, value in chosen.items() if value is not None}
        if len(body) != 1:
            raise click.UsageError("Say which workers: one name, or --host HOST, or --all.")
        with connect() as client:
            told = answer(client.post(f"/api/v1/workers/{name}", json=body)).json()["workers"]
        click.echo(json.dumps(told) if as_json else "\n".join(told))


_verb("pause", "Let workers finish what they do and take nothing more.")
_verb("resume", "Let paused workers go on.")
_verb("drain", "Let workers finish what they do and leave.")
