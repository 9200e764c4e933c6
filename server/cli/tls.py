"""`matinee tls`: the local certificate authority and the server's certificate."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import click

from server.cli.client import local_settings
from server.keystore import certificates


@click.group()
def tls() -> None:
    """Certificates of this appliance."""


@tls.command()
def ensure() -> None:
    """Make or renew the certificates where needed, and print the authority's SHA-256 fingerprint."""
    loaded = local_settings()
    names, addresses = hosts([loaded.web.address, *loaded.web.other_origins], socket.gethostname())
    folder = loaded.paths.state / "tls"
    click.echo(certificates.ensure(folder, names, addresses, datetime.now(UTC)).fingerprint)


def hosts(origins: Iterable[str], hostname: str) -> tuple[set[str], set[str]]:
    """Sort the hosts of `origins` (https://host:port) into names and addresses, and add the machine's own names."""
    short = hostname.partition(".")[0]
    names, addresses = {hostname, f"{short}.local"}, set[str]()
    for host in filter(None, (urlsplit(origin).hostname for origin in origins)):
        try:
            addresses.add(str(ipaddress.ip_address(host)))
        except ValueError:
            names.add(host)
    return names, addresses
