"""A private Redis on a unix socket. It holds sessions and doorbells; nothing in it is the only copy of anything."""

from __future__ import annotations

from pathlib import Path

from server.launcher import probes
from server.launcher.files import write_atomically
from server.launcher.home import Home
from server.launcher.part import Part


def socket_path(home: Home) -> Path:
    """Where Redis listens."""
    return home.run / "redis.sock"


def parts(home: Home) -> list[Part]:
    """Describe Redis."""
    data = home.root / "redis"
    configuration = home.root / "redis.conf"

    def prepare() -> None:
        data.mkdir(mode=0o700, exist_ok=True)
        write_atomically(configuration, settings_text(data, socket_path(home)))

    server = Part(
        name="redis",
        argv=("redis-server", str(configuration)),
        ready=probes.answers_unix(socket_path(home), b"PING\r\n", b"+PONG"),
        prepare=prepare,
        grace_seconds=2.0,
        disposable=data,
    )
    return [server]


def settings_text(data: Path, socket: Path) -> str:
    """Write redis.conf. Nothing is evicted: a full Redis must refuse, not forget sessions and doorbells."""
    return f"""\
port 0
unixsocket {_quote(socket)}
unixsocketperm 700
dir {_quote(data)}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
loglevel warning
"""


def _quote(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
