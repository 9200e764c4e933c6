"""A private RabbitMQ with an epmd of its own, on loopback only, away from everything in /etc/rabbitmq.

Its folder holds messages on their way, which the outbox in PostgreSQL can send again; so it may be deleted while the
system is stopped, and starts empty after a change of version or of password.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from server.errors import Unavailable
from server.launcher import probes
from server.launcher.files import keep_secret, write_atomically
from server.launcher.home import Home
from server.launcher.part import Part
from server.launcher.ports import Ports

USER = "matinee"
NODE = "matinee@localhost"  # the same everywhere, so that a clone can be moved; each system has its own epmd
HOST = "127.0.0.1"
PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"  # AMQP 0-9-1, section 4.2.2; the answer is a method frame, type 1
METHOD_FRAME = b"\x01"

# The Erlang machine spins for work by default, which costs an idle system several percent of a core.
ERLANG_FLAGS = "+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"


def password_file(home: Home) -> Path:
    """Where the broker's password is kept."""
    return home.secrets / "rabbitmq"


def parts(home: Home, ports: Ports) -> list[Part]:
    """Describe epmd (Erlang's port mapper) and the broker. Raises Unavailable if they are not installed."""
    program = PROGRAM if PROGRAM.exists() else shutil.which("rabbitmq-server")
    if program is None:
        raise Unavailable("RabbitMQ is not installed. Run `make run`, which installs it, or install rabbitmq-server.")
    folder = home.root / "rabbitmq"
    names = {"ERL_EPMD_PORT": str(ports.epmd), "ERL_EPMD_ADDRESS": HOST}
    epmd = Part(
        name="epmd",
        argv=("epmd",),
        environment=names,
        ready=probes.answers_tcp((HOST, ports.epmd)),
        grace_seconds=0.5,
    )
    broker = Part(
        name="rabbitmq",
        argv=(str(program),),
        environment={**names, **_environment(folder, ports.erlang)},
        ready=probes.answers_tcp((HOST, ports.amqp), PROTOCOL_HEADER, METHOD_FRAME),
        prepare=lambda: _prepare(folder, str(Path(program).resolve()), keep_secret(password_file(home)), ports.amqp),
        needs=("epmd",),
        grace_seconds=3.0,
        disposable=folder,
    )
    return [epmd, broker]


def _environment(folder: Path, erlang_port: int) -> Mapping[str, str]:
    """Point every file of the broker into its folder."""
    return {
        "HOME": str(folder),  # the Erlang cookie lives there
        "RABBITMQ_NODENAME": NODE,
        "RABBITMQ_DIST_PORT": str(erlang_port),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONFIG_FILES": str(folder / "conf.d"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder),
        "RABBITMQ_MNESIA_DIR": str(folder / "data"),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "feature_flags"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG_FLAGS,
        "RUNNING_UNDER_SYSTEMD": "true",  # the start script then becomes the broker instead of watching over it
    }


def _prepare(folder: Path, version: str, password: str, port: int) -> None:
    """Write the configuration; begin with an empty folder when the data belongs to another version or password."""
    origin = hashlib.sha256(f"{version} {password}".encode()).hexdigest()
    if folder.exists() and not _made_from(folder, origin):
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    write_atomically(folder / "origin", origin)
    write_atomically(folder / "rabbitmq.conf", settings_text(port, password))
    write_atomically(folder / "enabled_plugins", "[].\n")


def _made_from(folder: Path, origin: str) -> bool:
    try:
        return (folder / "origin").read_text(encoding="ascii") == origin
    except FileNotFoundError:
        return False


def settings_text(port: int, password: str) -> str:
    """Write rabbitmq.conf: one user of ours, made on the first boot instead of `guest`."""
    return f"""\
listeners.tcp.1 = {HOST}:{port}
default_user = {USER}
default_pass = {password}
default_permissions.configure = .*
default_permissions.read = .*
default_permissions.write = .*
log.console = true
log.console.level = warning
"""
