"""The settings file of a private system: what the launcher knows, under what the administrator overrides."""

from __future__ import annotations

import json
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server import settings
from server.errors import Invalid
from server.launcher import postgresql, rabbitmq, redis
from server.launcher.files import write_atomically
from server.launcher.home import Home
from server.launcher.ports import Ports

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104  # only on request
ELSEWHERE = ("192.0.2.1", 9)  # TEST-NET-1 (RFC 5737): choosing a route to it sends nothing

Tables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Listening:
    """Where nginx listens, and the names under which people reach it; the first is the one that is shown."""

    host: str
    port: int
    names: tuple[str, ...]

    @property
    def origins(self) -> tuple[str, ...]:
        """Every address of the site as a browser writes its origin."""
        suffix = "" if self.port == 443 else f":{self.port}"
        return tuple(f"https://{name}{suffix}" for name in self.names)


def listening(host: str, port: int) -> Listening:
    """Find the names for an address to listen on."""
    local = ("localhost", LOOPBACK)
    if host == LOOPBACK:
        return Listening(host, port, local)
    if host != EVERYWHERE:
        return Listening(host, port, (host,))
    machine = socket.gethostname()
    return Listening(host, port, tuple(dict.fromkeys((_address_on_the_network(), machine, f"{machine}.local", *local))))


def _address_on_the_network() -> str:
    """Return this machine's address on the network that leads elsewhere; loopback if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            return LOOPBACK
        return str(probe.getsockname()[0])


def write(home: Home, ports: Ports, site: Listening) -> settings.Settings:
    """Write the settings file and read it back. Raises Invalid if an override is wrong; the message names it."""
    tables = merge(_tables(home, ports, site), _overrides(home))
    parsed = settings.parse(tables, f"{home.overrides} over the launcher's settings")
    write_atomically(
        home.settings, "# Written by the launcher at each start; put your own into overrides.toml.\n" + as_toml(tables)
    )
    return parsed


def _tables(home: Home, ports: Ports, site: Listening) -> Tables:
    address, *others = site.origins
    return {
        "paths": {"state": str(home.state), "media": str(home.media), "run": str(home.run)},
        "database": {"host": str(home.run), "port": postgresql.PORT, "name": postgresql.DATABASE},
        "redis": {"socket": str(redis.socket_path(home))},
        "rabbitmq": {
            "host": rabbitmq.HOST,
            "port": ports.amqp,
            "user": rabbitmq.USER,
            "password_file": str(rabbitmq.password_file(home)),
        },
        "web": {"address": address, "other_origins": others},
    }


def _overrides(home: Home) -> Tables:
    try:
        tables = tomllib.loads(home.overrides.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{home.overrides} is not valid TOML: {error}.", code="invalid.settings") from error
    for name, table in tables.items():
        if not isinstance(table, dict):
            message = f"{home.overrides}: {name!r} stands outside of a table; write it below a line like [web]."
            raise Invalid(message, code="invalid.settings")
    return tables


def merge(tables: Tables, overrides: Tables) -> Tables:
    """Lay the overrides over the tables, setting by setting."""
    return {name: {**tables.get(name, {}), **overrides.get(name, {})} for name in {**tables, **overrides}}


def as_toml(tables: Tables) -> str:
    """Write flat tables of strings, numbers and lists of strings as TOML, whose values are then written as in JSON."""
    lines = []
    for name, table in tables.items():
        lines += ["", f"[{name}]"]
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
    return "\n".join(lines) + "\n"
