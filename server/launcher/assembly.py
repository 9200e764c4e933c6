"""Puts one private system together: its settings, and the list of its parts."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from server.errors import Unavailable
from server.launcher import configuration, nginx, postgresql, processes, rabbitmq, redis
from server.launcher.configuration import Listening
from server.launcher.files import keep_secret
from server.launcher.home import ROOT, Home
from server.launcher.part import Part
from server.launcher.ports import Claims, settle
from server.settings import ENVIRONMENT_NAME, Settings

SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Assembly:
    """A system that is ready to be started."""

    address: str
    settings: Settings
    parts: tuple[Part, ...]
    environment: Mapping[str, str]  # of every part
    claims: Claims  # on its ports; to be kept while it runs


def assemble(home: Home, host: str) -> Assembly:
    """Choose ports, write the settings and list the parts. Raises Unavailable or Invalid with what to do."""
    ports, claims = settle(home.ports, host)
    listening = configuration.listening(host, ports.https)
    settings = configuration.write(home, ports, listening)
    parts = (
        *rabbitmq.parts(home, ports),  # first, since it takes longest
        *postgresql.parts(home),
        *redis.parts(home),
        *processes.steps(),
        *nginx.parts(home, _site(home, settings, listening), (_connectable(host), ports.https)),
        *processes.parts(home, settings.media.encode_workers or len(os.sched_getaffinity(0))),
    )
    return Assembly(settings.web.address, settings, parts, _environment(home), claims)


def _site(home: Home, settings: Settings, listening: Listening) -> nginx.Site:
    static = ROOT / "server/web/static"
    if not static.is_dir():
        raise Unavailable(f"The browser assets are not built ({static} is missing). Run `make assets`.")
    return nginx.Site(
        run=str(home.run),
        log=str(home.logs),
        temp=str(home.root / "nginx"),
        media=str(settings.paths.media),
        static=str(static),
        tls_certificate=str(home.state / "tls/server.crt"),
        tls_key=str(home.state / "tls/server.key"),
        listen=(f"{listening.host}:{listening.port}",),
        server_names=listening.names,
        web_sockets=(str(home.run / "web.sock"),),
        live_sockets=(str(home.run / "sockets.sock"),),
        ticket_key=keep_secret(home.secrets / "tickets"),
        max_upload_bytes=settings.uploads.max_bytes,
        worker_processes=min(4, len(os.sched_getaffinity(0))),
        nginx_version=nginx.read_version(nginx.find_program()),
    )


def _connectable(host: str) -> str:
    return configuration.LOOPBACK if host == configuration.EVERYWHERE else host


def _environment(home: Home) -> Mapping[str, str]:
    """Make the environment of every part from nothing, so that a variable of the user's shell changes no server."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{SEARCH_PATH}",
        "HOME": str(home.root),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        ENVIRONMENT_NAME: str(home.settings),
    }
