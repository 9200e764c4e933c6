"""Verbs that set an appliance up; they work on the machine itself, not over the network."""

from __future__ import annotations

import click

from server.cli.client import local_settings
from server.container import Container
from server.store import database


@click.command()
def migrate() -> None:
    """Bring the database schema up to date."""
    database.configure(local_settings().database)
    for name in database.migrate():
        click.echo(f"applied {name}")


@click.command("first-run")
def first_run() -> None:
    """Print a fresh one-time code, as long as there is no administrator."""
    code = Container(local_settings()).accounts.new_first_run_code()
    if code:
        click.echo(code)


@click.command("owner-token")
def owner_token() -> None:
    """Make sure that the local owner has an API token; it is written to a private file, never printed."""
    loaded = local_settings()
    Container(loaded).accounts.ensure_owner_token(loaded.paths.state / "owner.token")
