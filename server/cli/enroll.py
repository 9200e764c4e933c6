"""`matinee worker enroll` and `dismiss`: which other machines may work for this appliance."""

from __future__ import annotations

import os
from pathlib import Path

import click

from server.cli.client import local_settings
from server.container import Container


@click.command()
@click.argument("name")
@click.option("--file", "file", type=click.Path(path_type=Path), help="Where to write the token; NAME.token otherwise.")
def enroll(name: str, *, file: Path | None) -> None:
    """Let the machine NAME work for this appliance, and write its token to a private file. A former token is void."""
    loaded = local_settings()
    path = file or Path(f"{name}.token")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as kept:
            kept.write(f"{Container(loaded).hosts.enroll(name)}\n")
    except BaseException:
        path.unlink()
        raise
    click.echo(f"Bring {path} and {loaded.paths.state / 'tls/ca.crt'} to {name}, and start there, once per core:")
    click.echo(f"python -m workers.main heavy --origin {loaded.web.address} --token-file {path.name} --ca ca.crt")


@click.command()
@click.argument("name")
def dismiss(name: str) -> None:
    """Void the token of the machine NAME. What it works on goes to others when its lease runs out."""
    Container(local_settings()).hosts.dismiss(name)
