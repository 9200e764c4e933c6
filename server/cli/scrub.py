"""`matinee scrub`: is everything still as it was stored."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from server.cli.client import answer, connect
from server.domain.words import size


@click.command()
@click.option("--now", is_flag=True, help="Have the whole library checked next.")
@click.option("--video", "video_id", metavar="ID", help="Have this film checked next.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def scrub(*, now: bool, video_id: str | None, as_json: bool) -> None:
    """Show what the last runs of the scrub found, after asking for one where that is wanted.

    The exit code is 1 if the newest run that ended could not judge, or found what nothing can bring back.
    """
    with connect() as client:
        if now or video_id:
            answer(client.post("/api/v1/scrub", params={"video": video_id} if video_id else {}))
        found = answer(client.get("/api/v1/scrub")).json()
    if as_json:
        click.echo(json.dumps(found))
    else:
        stored = found["stored"]
        click.echo(f"stored   {stored['files']} files, {size(stored['bytes'])}, {stored['unread']} not read yet")
        click.echo(f"oldest   {stored['oldest_check'] or 'nothing was checked yet'}")
        for run in found["runs"]:
            click.echo(f"run {run['id']:<4} {_run(run)}")
    ended = next((run for run in found["runs"] if run["finished_at"]), None)
    if ended and (ended["trouble"] or ended["missing"] + ended["rotten"] > ended["remade"]):
        sys.exit(1)


def _run(run: dict[str, Any]) -> str:
    subject = f"film {run['video_id']}" if run["video_id"] else "the library"
    when = (
        f"ended {run['finished_at']}"
        if run["finished_at"]
        else f"began {run['started_at']}"
        if run["started_at"]
        else "waits"
    )
    counts = f"{run['files']} files, {size(run['bytes'])}"
    found = ", ".join(f"{run[name]} {name}" for name in ("missing", "rotten", "remade", "unknown") if run[name])
    return ", ".join(part for part in (subject, when, counts, found or "nothing wrong", run["trouble"]) if part)
