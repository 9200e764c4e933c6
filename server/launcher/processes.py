"""Our own processes, and the steps (verbs of the command line) that must have run before them."""

from __future__ import annotations

import sys
from pathlib import Path

from server.launcher import probes
from server.launcher.home import Home
from server.launcher.part import Part

GRACE_SECONDS = 5.0
HEALTH_QUESTION = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
DRAINED = 75  # with which a worker ends that was told to leave (workers/main.py)
SERVERS = ("postgresql", "redis", "rabbitmq")


def steps() -> list[Part]:
    """Describe the steps. `first-run` prints the one-time code, which only the launcher may see."""
    return [
        _step("migrate", "migrate", needs=("postgresql",)),
        _step("tls", "tls", "ensure"),
        _step("owner-token", "owner-token", needs=("migrate", "redis")),
        _step("first-run", "first-run", needs=("migrate", "redis"), secret=True),
    ]


def parts(home: Home, encoders: int) -> list[Part]:
    """Describe the processes, with so many workers for encoding."""
    programs = {
        **{f"light-{number}": ("workers.main", "light") for number in (1, 2)},
        "urgent-1": ("workers.main", "urgent"),
        **{f"heavy-{number}": ("workers.main", "heavy") for number in range(1, encoders + 1)},
        "relay": ("workers.relay",),
        "live": ("workers.consumers.live",),
        "sweeper": ("workers.sweeper",),
        "scrubber": ("workers.scrubber",),
    }
    return [
        _site("web", "server.web.wsgi:application", "server/web/gunicorn.conf.py", home.run / "web.sock"),
        _site(
            "sockets",
            "server.web.sockets.wsgi:application",
            "server/web/sockets/gunicorn.conf.py",
            home.run / "sockets.sock",
        ),
        *(_process(name, module, *arguments) for name, (module, *arguments) in programs.items()),
    ]


def _step(name: str, *verb: str, needs: tuple[str, ...] = (), secret: bool = False) -> Part:
    return Part(name=name, argv=(sys.executable, "-m", "server.cli", *verb), needs=needs, once=True, secret=secret)


def _site(name: str, application: str, configuration: str, socket: Path) -> Part:
    return Part(
        name=name,
        argv=(sys.executable, "-m", "gunicorn", "-c", configuration, application),
        ready=probes.answers_unix(socket, HEALTH_QUESTION, b"HTTP/1.1 200"),
        needs=("migrate", "redis"),
        uses=SERVERS,
        grace_seconds=GRACE_SECONDS,
    )


def _process(name: str, module: str, *arguments: str) -> Part:
    """Describe a background process. It retries its connections itself, so it does not wait for the slow broker."""
    argv = (sys.executable, "-m", module, *arguments)
    return Part(
        name=name,
        argv=argv,
        needs=("migrate", "redis"),
        uses=SERVERS,
        grace_seconds=GRACE_SECONDS,
        left_code=DRAINED if module == "workers.main" else None,
    )
